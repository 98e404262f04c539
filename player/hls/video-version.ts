import { TIMELINE_KEY_LENGTH } from "../../protocol/timeline-key.js";
import { videoUrl } from "../source/video-url.js";
import { responseHeader } from "./retry-after.js";

const VERSION = /([?&]v=)([^&#]+)/;

/**
 * Returns whether a response has the content of a newer version than its URL names: it must not be stored.
 *
 * @param request the XMLHttpRequest of a successful response
 */
export const isSuperseded = (request: unknown): boolean =>
  responseHeader(request, "cache-control") === "no-store";

/**
 * The version in the URLs of segments. After an asset has replaced its source, or another encode its asset, URLs of the old
 * playlist are answered with the new content, which no cache stores. The URLs of the new version may be cached.
 */
export class VideoVersion {
  readonly #src: string;
  readonly #abort = new AbortController();
  #current: string | null = null;
  #updating = false;

  /** @param src URL of the video without a trailing slash */
  constructor(src: string) {
    this.#src = src;
  }

  /** Reads the current version. Returns false if that is in progress. */
  update(): boolean {
    if (this.#updating) return false;
    this.#updating = true;
    void this.#fetch()
      // The old URLs remain valid, and the next response is a reason to try again.
      .catch(() => {})
      .finally(() => {
        this.#updating = false;
      });
    return true;
  }

  /** Returns the URL with the current version, unless its version has other segments. */
  fill(url: string): string {
    const current = this.#current;
    if (current === null) return url;
    const key = current.slice(0, TIMELINE_KEY_LENGTH);
    return url.replace(VERSION, (text, name, old: string) => (old.startsWith(key) ? name + current : text));
  }

  destroy(): void {
    this.#abort.abort();
  }

  async #fetch(): Promise<void> {
    const { signal } = this.#abort;
    const response = await fetch(videoUrl(this.#src, "info.json"), { signal, cache: "no-cache" });
    const { v } = (await response.json()) as { v?: unknown };
    if (typeof v === "string" && /^[\w-]+$/.test(v)) this.#current = v;
  }
}
