import { InvalidArgumentError } from "commander";
import { MAX_SIDE, MIN_SIDE, type Rational, type Region } from "../../codec/internal.js";
import type { AnchorChoice } from "../../encoder/index.js";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** "640x360", in pixels, each side from 16 to 8192. */
export function parseSize(text: string): Size {
  const [, width = 0, height = 0] = (/^(\d{1,6})[x×](\d{1,6})$/.exec(text) ?? []).map(Number);
  if (!width || !height) throw new InvalidArgumentError("A size is WIDTHxHEIGHT in pixels, such as 640x360.");
  for (const side of [width, height]) {
    if (side < MIN_SIDE || side > MAX_SIDE) {
      throw new InvalidArgumentError(`Each side must be from ${MIN_SIDE} to ${MAX_SIDE} pixels.`);
    }
  }
  return { width, height };
}

/** "x,y,w,h" in source pixels, fractions allowed. */
export function parseRegion(text: string): Region {
  const parts = text
    .split(",")
    .map((part) => (/^\d+(\.\d+)?$/.test(part.trim()) ? Number(part) : Number.NaN));
  const [x, y, width, height] = parts as [number, number, number, number];
  if (parts.length !== 4 || parts.some(Number.isNaN) || width === 0 || height === 0) {
    throw new InvalidArgumentError("A region is x,y,width,height in source pixels, such as 0,0,320,180.");
  }
  return { x, y, width, height };
}

/** A file of this machine, as opposed to an address. */
export function parseFile(text: string): string {
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(text)) {
    throw new InvalidArgumentError("It must be a file on this machine; download it first.");
  }
  return text;
}

/** "uniform", "scenes", "content", or numbers from 0 ("0,7"). */
export function parseAnchorChoice(text: string): AnchorChoice {
  if (text === "uniform" || text === "scenes" || text === "content") return text;
  if (!/^\d{1,9}(,\d{1,9}){0,63}$/.test(text)) {
    throw new InvalidArgumentError("Anchors are uniform, scenes, content, or up to 64 numbers such as 0,7.");
  }
  return text.split(",").map(Number);
}

/** Seconds ("12.5"), or minutes and hours before them ("1:02:03.5"). */
export function parseSeconds(text: string): number {
  if (!/^(\d+:){0,2}\d+(\.\d+)?$/.test(text)) {
    throw new InvalidArgumentError("A time is in seconds (12.5) or hours:minutes:seconds (0:01:02.5).");
  }
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

/** Frames a second, from 1 to 1000: "60", "23.976" or "30000/1001". */
export function parseRate(text: string): Rational {
  const [, num = 0, den = 1] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number);
  const rate = /^\d+(\.\d{1,6})?$/.test(text)
    ? { num: Math.round(Number(text) * 1e6), den: 1e6 }
    : { num, den };
  if (!(rate.num >= rate.den && rate.num <= 1000 * rate.den)) {
    throw new InvalidArgumentError("A rate is frames a second from 1 to 1000, such as 60 or 30000/1001.");
  }
  const divisor = greatestDivisor(rate.num, rate.den);
  return { num: rate.num / divisor, den: rate.den / divisor };
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** A parser of whole numbers within bounds. */
export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };

/** A parser of one number out of few. */
export const oneOf =
  (values: readonly number[]) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!values.includes(value)) throw new InvalidArgumentError(`It must be one of ${values.join(", ")}.`);
    return value;
  };

const parseNumber = (text: string): number =>
  /^(\d+(\.\d*)?|\.\d+)(e-?\d+)?$/i.test(text) ? Number(text) : Number.NaN;

/** A learning rate: above 0, at most 1. */
export function parseLearningRate(text: string): number {
  const value = parseNumber(text);
  if (!(value > 0 && value <= 1)) {
    throw new InvalidArgumentError("It must be a number above 0 and at most 1, such as 1e-4.");
  }
  return value;
}

/** A share above 0 and at most 1: "1/512", "0.002" or "1e-3". */
export function parseFraction(text: string): number {
  const [, over] = /^1\/(\d{1,9})$/.exec(text) ?? [];
  const value = over !== undefined ? 1 / Number(over) : parseNumber(text);
  if (!(value > 0 && value <= 1)) {
    throw new InvalidArgumentError("It must be a share above 0 and at most 1, such as 1/512 or 0.002.");
  }
  return value;
}

/** A parser of numbers within bounds, for an option whose argument is a quantity. */
export function within(low: number, high: number, unit: string): (text: string) => number {
  return (text) => {
    const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= low && value <= high)) {
      throw new InvalidArgumentError(`It must be from ${low} to ${high} ${unit}.`);
    }
    return value;
  };
}

/** "1 frame", "2 frames". */
export const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

/** "1 min 5 s": never more exact than it is known. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown time";
  const integer = Math.max(0, Math.round(seconds));
  if (integer < 60) return `${integer} s`;
  if (integer < 3600) return `${Math.floor(integer / 60)} min ${integer % 60} s`;
  const minutes = Math.round(integer / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "1.2 MB": decimal units, as disks count. */
export function byteCount(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toPrecision(3)} ${units[unit]}`;
}
