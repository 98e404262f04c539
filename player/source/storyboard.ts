import { parseVttTime } from "./vtt-time.js";

/** A thumbnail: a part of a sheet, in its pixels. */
export interface Thumbnail {
  readonly start: number;
  readonly end: number;
  readonly sheet: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Reads the cues of a storyboard: each names a part of a picture as a media fragment (`#xywh=`). */
export function parseStoryboard(vtt: string, address: string): readonly Thumbnail[] {
  const tiles: Thumbnail[] = [];
  for (const block of vtt.split(/\r?\n\r?\n/)) {
    const lines = block.split(/\r?\n/);
    const timing = lines.findIndex((line) => line.includes("-->"));
    const [, path, numbers] = /^(.+)#xywh=([\d,]+)$/.exec(lines[timing + 1]?.trim() ?? "") ?? [];
    if (timing < 0 || path === undefined || numbers === undefined) continue;
    const [start, end] = lines[timing]!.split("-->").map((text) => parseVttTime(text.trim().split(/\s/)[0]!));
    const [x, y, width, height] = numbers.split(",").map(Number);
    if (start === undefined || end === undefined || !(width! > 0) || !(height! > 0)) continue;
    const sheet = new URL(path, address).href;
    tiles.push({ start, end, sheet, x: x!, y: y!, width: width!, height: height! });
  }
  return tiles;
}

/** The video's thumbnails, fetched when the first one is wanted. */
export class Storyboard {
  #url: string | null = null;
  #thumbnails: Promise<readonly Thumbnail[]> | null = null;
  #controller = new AbortController();

  /** The address of the WebVTT file; null where there is none. */
  setUrl(address: string | null): void {
    if (address === this.#url) return;
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#url = address;
    this.#thumbnails = null;
  }

  /** The thumbnail of a moment in seconds; null where there is none, or it cannot be had. */
  async thumbnailAt(seconds: number): Promise<Thumbnail | null> {
    if (this.#url === null) return null;
    this.#thumbnails ??= this.#fetch(this.#url, this.#controller.signal);
    const tiles = await this.#thumbnails;
    return tiles.findLast((tile) => tile.start <= seconds) ?? null;
  }

  /** Shows a tile on the whole of a box, whatever its size. */
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

  async #fetch(address: string, signal: AbortSignal): Promise<readonly Thumbnail[]> {
    try {
      const response = await fetch(address, { signal });
      return response.ok ? parseStoryboard(await response.text(), address) : [];
    } catch {
      // A video plays as well without thumbnails.
      return [];
    }
  }
}
