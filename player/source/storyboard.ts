/** A thumbnail: a rectangle of a sprite sheet, in its pixels, for a time range in seconds. */
export interface Thumbnail {
  readonly start: number;
  readonly end: number;
  /** URL of the sprite sheet. */
  readonly sheet: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Parses a WebVTT timestamp `[hh:]mm:ss.mmm` to seconds; undefined if it is invalid (w3.org/TR/webvtt1, 4.3). */
function parseTimestamp(text: string): number | undefined {
  const [, h, m, s] = /^(?:(\d+):)?([0-5]\d):([0-5]\d\.\d{3})$/.exec(text) ?? [];
  return m === undefined || s === undefined ? undefined : Number(h ?? 0) * 3600 + Number(m) * 60 + Number(s);
}

/**
 * Parses the WebVTT cues of a storyboard. Each names a rectangle of an image as a media fragment (`#xywh=`).
 *
 * @param baseUrl resolves relative image URLs
 */
export function parseStoryboard(vtt: string, baseUrl: string): readonly Thumbnail[] {
  const thumbnails: Thumbnail[] = [];
  for (const block of vtt.split(/\r?\n\r?\n/)) {
    const lines = block.split(/\r?\n/);
    const timing = lines.findIndex((line) => line.includes("-->"));
    const [, path, numbers] = /^(.+)#xywh=([\d,]+)$/.exec(lines[timing + 1]?.trim() ?? "") ?? [];
    if (timing < 0 || path === undefined || numbers === undefined) continue;
    const [start, end] = lines[timing]!.split("-->").map((text) =>
      parseTimestamp(text.trim().split(/\s/)[0]!),
    );
    const [x, y, width, height] = numbers.split(",").map(Number);
    if (start === undefined || end === undefined || !(width! > 0) || !(height! > 0)) continue;
    const sheet = new URL(path, baseUrl).href;
    thumbnails.push({ start, end, sheet, x: x!, y: y!, width: width!, height: height! });
  }
  return thumbnails;
}

/** The thumbnails of a video, fetched when the first one is needed. */
export class Storyboard {
  readonly #currentUrl: () => string | null;
  #url: string | null = null;
  #thumbnails: Promise<readonly Thumbnail[]> = Promise.resolve([]);
  #request = new AbortController();

  /** @param currentUrl returns the URL of the WebVTT file; null if the video has no storyboard */
  constructor(currentUrl: () => string | null, signal: AbortSignal) {
    this.#currentUrl = currentUrl;
    signal.addEventListener("abort", () => this.#request.abort(), { once: true });
  }

  /** Returns the thumbnail for a time in seconds; null if there is none or it cannot be loaded. */
  async thumbnailAt(seconds: number): Promise<Thumbnail | null> {
    const url = this.#currentUrl();
    if (url !== this.#url) {
      this.#request.abort();
      this.#request = new AbortController();
      this.#url = url;
      this.#thumbnails = url === null ? Promise.resolve([]) : this.#fetch(url, this.#request.signal);
    }
    const thumbnails = await this.#thumbnails;
    return thumbnails.findLast(({ start }) => start <= seconds) ?? null;
  }

  /** Sizes an element to the thumbnail and shows it as the background. */
  showThumbnail(box: HTMLElement, { sheet, x, y, width, height }: Thumbnail): void {
    const { style } = box;
    const image = `url("${sheet.replaceAll('"', "%22")}")`;
    style.width = `${width}px`;
    style.height = `${height}px`;
    if (box.dataset.sheet !== sheet) {
      box.dataset.sheet = sheet;
      style.backgroundImage = image;
    }
    style.backgroundPosition = `${-x}px ${-y}px`;
  }

  async #fetch(url: string, signal: AbortSignal): Promise<readonly Thumbnail[]> {
    try {
      const response = await fetch(url, { signal });
      return response.ok ? parseStoryboard(await response.text(), url) : [];
    } catch {
      // Thumbnails are optional: playback continues without them.
      return [];
    }
  }
}
