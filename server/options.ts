import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { H264_MAX_AREA } from "../media/h264.js";
import { ServeError } from "./errors.js";
import { type ResolvedSourceOptions, resolveSourceOptions, type SourceOptions } from "./sources/options.js";
import type { WorkEvent } from "./work/events.js";

/** Options of the plugin; Fastify's own `prefix` may stand beside them. */
export interface SieddOptions extends SourceOptions {
  /** Bytes of finished segments kept in memory. Default 256 MiB; 0 keeps none. */
  readonly cacheBytes?: number;
  /**
   * Folder that finished segments and pictures are kept in across restarts; several processes may share it, and
   * files in it that are not the cache's own are left alone. Default: none, and memory is all there is.
   */
  readonly cacheDir?: string;
  /** Bytes of files in `cacheDir`, from 16 MiB. Default 4 GiB. */
  readonly cacheDirBytes?: number;
  /** Decoding threads, from 1 to 256. Default: one a core. */
  readonly workers?: number;
  /** Segments computed at the same time, from 1 to 256; each runs one ffmpeg. Default: one a core. */
  readonly concurrency?: number;
  /** Segments that may wait for their turn, from 0; one more is answered 503. Default 64. */
  readonly maxQueue?: number;
  /**
   * Seconds a segment may wait for its turn before it is answered 503, above 0. Default 8: hls.js gives up
   * after 10 seconds without a byte.
   */
  readonly maxQueueSeconds?: number;
  /** Output pixels of the longer side, from 16 to 8192. Default 8192. */
  readonly maxSide?: number;
  /**
   * Output pixels of a picture, from 256 to what H.264 level 6.2 holds. Bounds what one request can cost.
   * Default 4096 x 2304, the most of level 5.1, which is where the decoders of phones and browsers end.
   */
  readonly maxArea?: number;
  /** Seconds that closing waits for segments under way before it ends them, from 0. Default 5. */
  readonly closeSeconds?: number;
  /**
   * Whether `/metrics` answers, in the text format of Prometheus. Default true: it names no film, but how much
   * is watched.
   */
  readonly metrics?: boolean;
  /** Told of everything computed. */
  readonly onWork?: (event: WorkEvent) => void;
}

/** SieddOptions with every default filled in. */
export type ResolvedOptions = Readonly<
  Required<Omit<SieddOptions, "cacheDir" | keyof SourceOptions>>
> &
  ResolvedSourceOptions & {
  /** Absolute. */
  readonly cacheDir: string | undefined;
};

const MiB = 1024 * 1024;

/** Fills in defaults into a new object. Throws ServeError `bad-option` naming path, rule and value. */
export function resolveOptions(given: SieddOptions): ResolvedOptions {
  const { cacheDir } = given;
  if (cacheDir !== undefined && (typeof cacheDir !== "string" || cacheDir === "")) {
    throw refuse("cacheDir", "the path of a folder", cacheDir);
  }
  const cores = availableParallelism();
  return Object.freeze({
    ...resolveSourceOptions(given),
    cacheBytes: whole(given, "cacheBytes", 256 * MiB, 0, Number.MAX_SAFE_INTEGER),
    cacheDir: cacheDir === undefined ? undefined : resolve(cacheDir),
    cacheDirBytes: whole(given, "cacheDirBytes", 4096 * MiB, 16 * MiB, Number.MAX_SAFE_INTEGER),
    workers: whole(given, "workers", cores, 1, 256),
    concurrency: whole(given, "concurrency", cores, 1, 256),
    maxQueue: whole(given, "maxQueue", 64, 0, 1_000_000),
    maxQueueSeconds: seconds(given, "maxQueueSeconds", 8, 0.001),
    maxSide: whole(given, "maxSide", 8192, 16, 8192),
    maxArea: whole(given, "maxArea", 4096 * 2304, 256, H264_MAX_AREA),
    closeSeconds: seconds(given, "closeSeconds", 5, 0),
    metrics: flag(given, "metrics", true),
    onWork: given.onWork ?? (() => {}),
  });
}

type NumberOption =
  | "cacheBytes"
  | "cacheDirBytes"
  | "workers"
  | "concurrency"
  | "maxQueue"
  | "maxSide"
  | "maxArea";

function whole(given: SieddOptions, key: NumberOption, preset: number, least: number, most: number): number {
  const value = given[key] ?? preset;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw refuse(key, `a whole number from ${least} to ${most}`, value);
}

function seconds(
  given: SieddOptions,
  key: "maxQueueSeconds" | "closeSeconds",
  preset: number,
  least: number,
): number {
  const value = given[key] ?? preset;
  if (Number.isFinite(value) && value >= least && value <= 3600) return value;
  throw refuse(key, `a number of seconds from ${least} to 3600`, value);
}

function flag(given: SieddOptions, key: "metrics", preset: boolean): boolean {
  const value = given[key] ?? preset;
  if (typeof value === "boolean") return value;
  throw refuse(key, "true or false", value);
}

function refuse(key: string, rule: string, value: unknown): ServeError {
  return new ServeError(
    "bad-option",
    `siedd options.${key} must be ${rule}, not ${JSON.stringify(value) ?? value}`,
  );
}
