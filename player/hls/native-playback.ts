import { notPlayable } from "../errors.js";
import { masterUrl, type Playback, type PlaybackOptions } from "../playback/transport.js";

/** HLS by the browser itself. It follows its own estimate on the ladder: a new master would interrupt it. */
export class NativePlayback implements Playback {
  readonly transport = "native";
  readonly hls = null;
  readonly #video: HTMLVideoElement;
  readonly #listening = new AbortController();

  constructor(options: PlaybackOptions) {
    const { video } = options;
    this.#video = video;
    const { signal } = this.#listening;
    video.addEventListener("error", () => options.onError(notPlayable(video.error)), { signal });
    video.src = masterUrl(options);
    video.currentTime = options.startAt;
  }

  onSizeChange(): void {}

  destroy(): void {
    this.#listening.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}
