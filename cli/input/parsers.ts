import { InvalidArgumentError } from "commander";
import {
  greatestCommonDivisor,
  MAX_SIDE,
  MIN_SIDE,
  type Rational,
  type Region,
} from "../../codec/internal.js";
import type { AnchorChoice } from "../../encoder/index.js";

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Parses "640x360": pixels, each side from 16 to 8192. */
export function parseSize(text: string): Size {
  const [, width = 0, height = 0] = (/^(\d{1,6})[x×](\d{1,6})$/.exec(text) ?? []).map(Number);
  if (!width || !height) {
    throw new InvalidArgumentError("A size must be WIDTHxHEIGHT in pixels, such as 640x360.");
  }
  for (const side of [width, height]) {
    if (side < MIN_SIDE || side > MAX_SIDE) {
      throw new InvalidArgumentError(`Each side must be from ${MIN_SIDE} to ${MAX_SIDE} pixels.`);
    }
  }
  return { width, height };
}

/** Parses "x,y,width,height" in source pixels; fractions are allowed. */
export function parseRegion(text: string): Region {
  const numbers = text
    .split(",")
    .map((part) => (/^\d+(\.\d+)?$/.test(part.trim()) ? Number(part) : Number.NaN));
  const [x, y, width, height] = numbers as [number, number, number, number];
  if (numbers.length !== 4 || numbers.some(Number.isNaN) || width === 0 || height === 0) {
    throw new InvalidArgumentError(
      "A region must be x,y,width,height in source pixels, such as 0,0,320,180.",
    );
  }
  return { x, y, width, height };
}

/** Returns the path of a local file; rejects URLs. */
export function parseFile(text: string): string {
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(text)) {
    throw new InvalidArgumentError("It must be a local file, not a URL; download it first.");
  }
  return text;
}

/** Parses "uniform", "scenes", "content", or up to 64 indices such as "0,7". */
export function parseAnchorChoice(text: string): AnchorChoice {
  if (text === "uniform" || text === "scenes" || text === "content") return text;
  if (!/^\d{1,9}(,\d{1,9}){0,63}$/.test(text)) {
    throw new InvalidArgumentError(
      "It must be uniform, scenes, content, or a list of up to 64 numbers such as 0,7.",
    );
  }
  return text.split(",").map(Number);
}

/** Parses a time to seconds: "12.5", "1:02.5" or "1:02:03.5". */
export function parseSeconds(text: string): number {
  if (!/^(\d+:){0,2}\d+(\.\d+)?$/.test(text)) {
    throw new InvalidArgumentError("A time must be in seconds (12.5) or hours:minutes:seconds (0:01:02.5).");
  }
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

/** Parses a frame rate from 1 to 1000 frames per second: "60", "23.976" or "30000/1001". */
export function parseFrameRate(text: string): Rational {
  const [, num = 0, den = 1] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number);
  const rate = /^\d+(\.\d{1,6})?$/.test(text)
    ? { num: Math.round(Number(text) * 1e6), den: 1e6 }
    : { num, den };
  if (!(rate.num >= rate.den && rate.num <= 1000 * rate.den)) {
    throw new InvalidArgumentError(
      "A frame rate must be from 1 to 1000 frames per second, such as 60 or 30000/1001.",
    );
  }
  const divisor = greatestCommonDivisor(rate.num, rate.den);
  return { num: rate.num / divisor, den: rate.den / divisor };
}

const parseInteger = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN);

/** Returns a parser of integers from `min` to `max`. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = parseInteger(text);
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Returns a parser of integers that accepts only the given values. */
export function oneOf(values: readonly number[]): (text: string) => number {
  return (text) => {
    const value = parseInteger(text);
    if (!values.includes(value)) throw new InvalidArgumentError(`It must be one of ${values.join(", ")}.`);
    return value;
  };
}

/** Returns a parser of decimal numbers from `min` to `max`. */
export function decimal(min: number, max: number, unit: string): (text: string) => number {
  return (text) => {
    const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be from ${min} to ${max} ${unit}.`);
    }
    return value;
  };
}

/** Parses a number, including scientific notation; returns NaN for other text. */
const parseNumber = (text: string): number =>
  /^(\d+(\.\d*)?|\.\d+)(e-?\d+)?$/i.test(text) ? Number(text) : Number.NaN;

/** Parses a learning rate: greater than 0, at most 1. */
export function parseLearningRate(text: string): number {
  const value = parseNumber(text);
  if (!(value > 0 && value <= 1)) {
    throw new InvalidArgumentError("It must be greater than 0 and at most 1, such as 1e-4.");
  }
  return value;
}

/** Parses a fraction greater than 0 and at most 1: "1/512", "0.002" or "1e-3". */
export function parseFraction(text: string): number {
  const [, divisor] = /^1\/(\d{1,9})$/.exec(text) ?? [];
  const value = divisor !== undefined ? 1 / Number(divisor) : parseNumber(text);
  if (!(value > 0 && value <= 1)) {
    throw new InvalidArgumentError("It must be greater than 0 and at most 1, such as 1/512 or 0.002.");
  }
  return value;
}
