import type Hls from "hls.js";
import type { DirectPlayback } from "../direct/index.js";
import { notSupported } from "../errors.js";
import type { Playback, PlaybackOptions, SizeChange, Transport } from "../playback/transport.js";
import { videoUrl } from "../source/video-url.js";

/** Starts either of the two modes to choose from. */
export interface AutoModeFactories {
  loadDirect(): Promise<typeof import("../direct/index.js")>;
  /** Returns null if this browser cannot play HLS. */
  startOnServer(options: PlaybackOptions): Playback | null;
}

/**
 * Decodes in the browser if a short benchmark shows that it is fast enough, else plays what the server decodes. If
 * decoding fails or becomes too slow, it switches to the server at the same position, playing or paused, and the last
 * frame stays visible until the server's first frame.
 */
export class AutoPlayback implements Playback {
  readonly ready: Promise<void>;
  readonly #options: PlaybackOptions;
  readonly #factories: AutoModeFactories;
  readonly #abort = new AbortController();
  #playback: Playback | null = null;

  constructor(options: PlaybackOptions, factories: AutoModeFactories) {
    this.#options = options;
    this.#factories = factories;
    this.ready = this.#start();
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

  onPreloadChange(): void {
    this.#playback?.onPreloadChange?.();
  }

  destroy(): void {
    this.#abort.abort();
    this.#playback?.destroy();
    this.#playback = null;
  }

  async #start(): Promise<void> {
    const playback = await this.#startDirect().catch(() => null);
    if (this.#abort.signal.aborted) playback?.destroy();
    else if (playback === null) this.#startServer(this.#options);
    else this.#playback = playback;
  }

  /** Returns null if direct mode is too slow or saves no data. */
  async #startDirect(): Promise<Playback | null> {
    // The asset is the same number of bytes at any resolution. The server's stream at the requested size saves data.
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (connection?.saveData === true) return null;
    const { src, startAt, requestedSize } = this.#options;
    const { signal } = this.#abort;
    const { DirectPlayback, openDirectAsset, openFastBackend } = await this.#factories.loadDirect();
    const asset = await openDirectAsset(videoUrl(src, "asset"), signal);
    let backend: Awaited<ReturnType<typeof openFastBackend>> = null;
    let playback: DirectPlayback | null = null;
    try {
      backend = await openFastBackend(asset, requestedSize(), startAt, signal);
      if (backend === null || signal.aborted) return null;
      const switchToServer = () => queueMicrotask(() => this.#switchToServer(playback));
      const options = { ...this.#options, onError: switchToServer, onTooSlow: switchToServer };
      playback = new DirectPlayback(options, asset, backend);
      return playback;
    } finally {
      if (playback === null) {
        backend?.workers.destroy();
        asset.close();
      }
    }
  }

  #startServer(options: PlaybackOptions): void {
    this.#playback = this.#factories.startOnServer(options);
    if (this.#playback === null) options.onError(notSupported());
  }

  #switchToServer(from: DirectPlayback | null): void {
    if (from === null || this.#playback !== from) return;
    const { video } = this.#options;
    const { currentTime: startAt, paused, ended } = video;
    const { signal } = this.#abort;
    const canvas = from.release();
    const removeCanvas = () => canvas.remove();
    signal.addEventListener("abort", removeCanvas, { once: true });
    video.addEventListener("loadeddata", removeCanvas, { once: true, signal });
    this.#startServer({ ...this.#options, startAt });
    // The position is then right even before the first segment has loaded.
    video.currentTime = startAt;
    if (!paused && !ended) video.play().catch(() => undefined);
  }
}
