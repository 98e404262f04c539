import { notPlayable } from "../errors.js";
import { masterUrl, type Playback, type PlaybackOptions } from "../playback/transport.js";

/** Plays HLS natively: the browser loads the playlists and chooses among the variants. */
export class NativePlayback implements Playback {
  readonly transport = "native";
  readonly hls = null;
  readonly #video: HTMLVideoElement;
  readonly #listeners = new AbortController();

  constructor(options: PlaybackOptions) {
    const { video } = options;
    this.#video = video;
    const { signal } = this.#listeners;
    video.addEventListener("error", () => options.onError(notPlayable(video.error)), { signal });
    video.src = masterUrl(options);
    video.currentTime = options.startAt;
  }

  /** Does nothing: another master playlist would interrupt playback. */
  onSizeChange(): void {}

  destroy(): void {
    this.#listeners.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}
