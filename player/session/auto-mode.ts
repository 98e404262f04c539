import type Hls from "hls.js";
import type { SizeChange } from "../abr/requested-size.js";
import type { DirectPlayback } from "../direct/index.js";
import { notSupported } from "../errors.js";
import type { Playback, PlaybackOptions, Transport } from "../playback/transport.js";
import { videoUrl } from "../source/video-url.js";

/** What there is to choose from. */
export interface Choices {
  loadDirect(): Promise<typeof import("../direct/index.js")>;
  startOnServer(options: PlaybackOptions): Playback | null;
}

/**
 * Decodes here where a short measurement says that it is affordable, and otherwise plays what the server decodes. What
 * fails here, or becomes too slow, goes on there: at the same moment, playing or resting, with the last
 * picture kept until the next one is there.
 */
export class AutoPlayback implements Playback {
  readonly ready: Promise<void>;
  readonly #options: PlaybackOptions;
  readonly #choices: Choices;
  readonly #life = new AbortController();
  #playback: Playback | null = null;

  constructor(options: PlaybackOptions, choices: Choices) {
    this.#options = options;
    this.#choices = choices;
    this.ready = this.#begin();
  }

  get transport(): Transport {
    return this.#playback?.transport ?? "direct";
  }

  get hls(): Hls | null {
    return this.#playback?.hls ?? null;
  }

  onSizeChange(change: SizeChange): void {
    this.#playback?.onSizeChange(change);
  }

  destroy(): void {
    this.#life.abort();
    this.#playback?.destroy();
    this.#playback = null;
  }

  async #begin(): Promise<void> {
    const playback = await this.#startHere().catch(() => null);
    if (this.#life.signal.aborted) playback?.destroy();
    else if (playback === null) this.#startThere(this.#options);
    else this.#playback = playback;
  }

  /** -> null where it is not worth it. */
  async #startHere(): Promise<Playback | null> {
    // An asset has the same bytes at any size: who wants to save some gets a stream of just that size.
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (connection?.saveData === true) return null;
    const { src, startAt, wantedSize } = this.#options;
    const { signal } = this.#life;
    const { DirectPlayback, openDirectAsset, openIfFastEnough } = await this.#choices.loadDirect();
    const asset = await openDirectAsset(videoUrl(src, "asset"), signal);
    let workshop: Awaited<ReturnType<typeof openIfFastEnough>> = null;
    let playback: DirectPlayback | null = null;
    try {
      workshop = await openIfFastEnough(asset, wantedSize(), startAt, signal);
      if (workshop === null || signal.aborted) return null;
      const moveOn = () => queueMicrotask(() => this.#moveToServer(playback));
      const options = { ...this.#options, onError: moveOn, onStruggle: moveOn };
      playback = new DirectPlayback(options, asset, workshop);
      return playback;
    } finally {
      if (playback === null) {
        workshop?.decoders.destroy();
        asset.close();
      }
    }
  }

  #startThere(options: PlaybackOptions): void {
    this.#playback = this.#choices.startOnServer(options);
    if (this.#playback === null) options.onError(notSupported());
  }

  #moveToServer(from: DirectPlayback | null): void {
    if (from === null || this.#playback !== from) return;
    const { video } = this.#options;
    const { currentTime: startAt, paused, ended } = video;
    const { signal } = this.#life;
    const canvas = from.release();
    const uncover = () => canvas.remove();
    signal.addEventListener("abort", uncover, { once: true });
    video.addEventListener("loadeddata", uncover, { once: true, signal });
    this.#startThere({ ...this.#options, startAt });
    // Until the first segment is there, the clock stands where it will go on.
    video.currentTime = startAt;
    if (!paused && !ended) video.play().catch(() => undefined);
  }
}
