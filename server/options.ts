import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { FastifyRequest } from "fastify";
import { H264_MAX_AREA, VIDEO_ENCODERS, type VideoEncoder } from "../media/segments/segment-encoder.js";
import type { Authorize } from "./auth/authorize.js";
import { expectKey } from "./auth/sign-url.js";
import type { SignKey } from "./auth/signature.js";
import { invalidOption, type ServeError } from "./errors.js";
import {
  type OpenLibrariesOptions,
  type ResolvedLibraryOptions,
  resolveSourceOptions,
} from "./library/remote-options.js";
import type { WorkEvent } from "./monitoring/work-event.js";

/** Options of the plugin; Fastify's own `prefix` may stand beside them. */
export interface SieddOptions extends OpenLibrariesOptions {
  /** Bytes of finished segments kept in memory. Default 256 MiB; 0 keeps none. */
  readonly cacheBytes?: number;
  /**
   * Folder that finished segments and pictures are kept in across restarts; several processes may share it, and
   * files in it that are not the cache's own are left alone. Default: none, and memory is all there is.
   */
  readonly cacheDir?: string;
  /** Bytes of files in `cacheDir`, from 16 MiB. Default 4 GiB. */
  readonly cacheDirBytes?: number;
  /**
   * What makes H.264: `x264` on the processor, or the encoder of a graphics card as ffmpeg names it, `h264_nvenc`
   * (NVIDIA) or `h264_vaapi` (Intel, AMD). It is tried at the start, and nothing is served where it does not work.
   * Sizes that graphics cards refuse, with a side below 160 or above 4096 pixels, are x264's always. Default x264:
   * the smallest files of a quality, equal bytes for equal pictures, and peaks that never exceed BANDWIDTH.
   */
  readonly videoEncoder?: VideoEncoder;
  /** Decoding threads, from 1 to 256. Default: one a core, and no more than that are started. */
  readonly workers?: number;
  /** Answers computed at the same time, from 1 to 256; each segment runs one ffmpeg. Default: one a core. */
  readonly concurrency?: number;
  /** Answers that may wait for their turn, from 0; one more is answered 503. Default 64. */
  readonly maxQueue?: number;
  /**
   * Seconds an answer may wait for its turn before it is 503, above 0 and below 10. Default 8: hls.js gives up
   * after 10 seconds without a byte.
   */
  readonly maxQueueSeconds?: number;
  /**
   * Pixels times frames that one answer may cost, from 1. Default: 300 frames of the default `maxArea`. Bounds how
   * long one request can hold a turn.
   */
  readonly maxWork?: number;
  /**
   * Answers that may be computed or wait for one client at the same time; one more is answered 503. 0: any number.
   * Default: half of what may run and wait, so that nobody takes it all.
   */
  readonly clientJobs?: number;
  /**
   * Pixels times frames a second that one client may have computed, from 0; ten seconds' worth may be saved up.
   * What comes from a cache is free. Default 0: any number. 1280 x 720 at 25 a second is 23 million.
   */
  readonly clientPixelsPerSecond?: number;
  /**
   * Names the client whose quota a request counts against. Default: `request.ip`, the peer's address or, with
   * Fastify's `trustProxy`, the one that the proxy tells of.
   */
  readonly clientKey?: (request: FastifyRequest) => string;
  /** Segments that are computed ahead of those asked for while nothing else is to be done, from 0 to 8. Default 1. */
  readonly prefetch?: number;
  /**
   * Keys that sign URLs. With any, a video is only served to URLs signed with one of them (`signUrl`); give the new
   * and the old one while keys are changed. Default: none, and nothing needs a signature.
   */
  readonly signKeys?: readonly SignKey[];
  /** Asked about every request but those for the player's files, before any work. Default: all are allowed. */
  readonly authorize?: Authorize;
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
   * Whether `/metrics` answers, in the text format of Prometheus. Default true: it names no video, but how much
   * is watched.
   */
  readonly metrics?: boolean;
  /** Told of everything computed. */
  readonly onWork?: (event: WorkEvent) => void;
}

/** SieddOptions with every default filled in. */
export type ResolvedOptions = Readonly<
  Required<Omit<SieddOptions, "cacheDir" | "authorize" | keyof OpenLibrariesOptions>>
> &
  ResolvedLibraryOptions & {
    readonly authorize: Authorize | undefined;
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
  const concurrency = integer(given, "concurrency", cores, 1, 256);
  const maxQueue = integer(given, "maxQueue", 64, 0, 1_000_000);
  return Object.freeze({
    ...resolveSourceOptions(given),
    cacheBytes: integer(given, "cacheBytes", 256 * MiB, 0, Number.MAX_SAFE_INTEGER),
    cacheDir: cacheDir === undefined ? undefined : resolve(cacheDir),
    cacheDirBytes: integer(given, "cacheDirBytes", 4096 * MiB, 16 * MiB, Number.MAX_SAFE_INTEGER),
    videoEncoder: videoEncoder(given),
    workers: Math.min(cores, integer(given, "workers", cores, 1, 256)),
    concurrency,
    maxQueue,
    maxQueueSeconds: seconds(given, "maxQueueSeconds", 8, 0.001, 9.999),
    maxWork: integer(given, "maxWork", 300 * 4096 * 2304, 1, Number.MAX_SAFE_INTEGER),
    clientJobs: integer(
      given,
      "clientJobs",
      Math.max(concurrency + 1, Math.ceil((concurrency + maxQueue) / 2)),
      0,
      1_000_000,
    ),
    clientPixelsPerSecond: integer(given, "clientPixelsPerSecond", 0, 0, Number.MAX_SAFE_INTEGER),
    clientKey: callable(given, "clientKey") ?? ((request) => request.ip),
    prefetch: integer(given, "prefetch", 1, 0, 8),
    signKeys: signKeys(given),
    authorize: callable(given, "authorize"),
    maxSide: integer(given, "maxSide", 8192, 16, 8192),
    maxArea: integer(given, "maxArea", 4096 * 2304, 256, H264_MAX_AREA),
    closeSeconds: seconds(given, "closeSeconds", 5, 0),
    metrics: flag(given, "metrics", true),
    onWork: callable(given, "onWork") ?? (() => {}),
  });
}

type NumberOption =
  | "cacheBytes"
  | "cacheDirBytes"
  | "workers"
  | "concurrency"
  | "maxQueue"
  | "maxWork"
  | "clientJobs"
  | "clientPixelsPerSecond"
  | "prefetch"
  | "maxSide"
  | "maxArea";

function integer(given: SieddOptions, key: NumberOption, preset: number, min: number, max: number): number {
  const value = given[key] ?? preset;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw refuse(key, `a whole number from ${min} to ${max}`, value);
}

function seconds(
  given: SieddOptions,
  key: "maxQueueSeconds" | "closeSeconds",
  preset: number,
  min: number,
  max = 3600,
): number {
  const value = given[key] ?? preset;
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw refuse(key, `a number of seconds from ${min} to ${max}`, value);
}

function callable<K extends "clientKey" | "authorize" | "onWork">(
  given: SieddOptions,
  key: K,
): SieddOptions[K] {
  const value = given[key];
  if (value === undefined || typeof value === "function") return value;
  throw refuse(key, "a function", value);
}

function signKeys({ signKeys: keys = [] }: SieddOptions): readonly SignKey[] {
  if (!Array.isArray(keys)) throw refuse("signKeys", "a list of keys", keys);
  for (const [i, key] of keys.entries()) {
    expectKey(key, `siedd options.signKeys[${i}]`);
    if (keys.findIndex(({ id }) => id === key.id) < i) {
      throw refuse(`signKeys[${i}].id`, "a name that no other key has", key.id);
    }
  }
  return keys.map(({ id, secret }) => ({ id, secret }));
}

function videoEncoder({ videoEncoder: encoder = "x264" }: SieddOptions): VideoEncoder {
  if (VIDEO_ENCODERS.includes(encoder)) return encoder;
  throw refuse("videoEncoder", `one of ${VIDEO_ENCODERS.join(", ")}`, encoder);
}

function flag(given: SieddOptions, key: "metrics", preset: boolean): boolean {
  const value = given[key] ?? preset;
  if (typeof value === "boolean") return value;
  throw refuse(key, "true or false", value);
}

const refuse = (key: string, rule: string, value: unknown): ServeError =>
  invalidOption(`siedd options.${key}`, rule, value);
