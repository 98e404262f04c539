import { parseVttTime } from "./vtt-time.js";

/** A thumbnail: a part of a sheet, in its pixels. */
export interface Tile {
  readonly start: number;
  readonly end: number;
  readonly sheet: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Reads the cues of a storyboard: each names a part of a picture as a media fragment (`#xywh=`). */
export function parseStoryboard(vtt: string, address: string): readonly Tile[] {
  const tiles: Tile[] = [];
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
  #address: string | null = null;
  #tiles: Promise<readonly Tile[]> | null = null;
  #ending = new AbortController();

  /** The address of the WebVTT file; null where there is none. */
  use(address: string | null): void {
    if (address === this.#address) return;
    this.#ending.abort();
    this.#ending = new AbortController();
    this.#address = address;
    this.#tiles = null;
  }

  /** The thumbnail of a moment in seconds; null where there is none, or it cannot be had. */
  async at(seconds: number): Promise<Tile | null> {
    if (this.#address === null) return null;
    this.#tiles ??= this.#fetch(this.#address, this.#ending.signal);
    const tiles = await this.#tiles;
    return tiles.findLast((tile) => tile.start <= seconds) ?? null;
  }

  /** Shows a tile on the whole of a box, whatever its size. */
  paint(box: HTMLElement, { sheet, x, y, width, height }: Tile): void {
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

  async #fetch(address: string, signal: AbortSignal): Promise<readonly Tile[]> {
    try {
      const response = await fetch(address, { signal });
      return response.ok ? parseStoryboard(await response.text(), address) : [];
    } catch {
      // A video plays as well without thumbnails.
      return [];
    }
  }
}
