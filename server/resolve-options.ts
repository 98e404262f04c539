import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { H264_MAX_AREA, VIDEO_ENCODERS, type VideoEncoder } from "../media/segments/segment-encoder.js";
import type { Authorize } from "./auth/permissions.js";
import { assertSignKey } from "./auth/sign-url.js";
import type { SignKey } from "./auth/signature.js";
import { invalidOption, type ServeError } from "./errors.js";
import {
  type OpenLibrariesOptions,
  type ResolvedLibraryOptions,
  resolveLibraryOptions,
} from "./library/options.js";
import type { SieddOptions } from "./options.js";
import { resolveEncoding } from "./scheduling/encode-settings.js";
import { rejectUnknownOptions } from "./unknown-options.js";

/** SieddOptions with every default filled in. */
export type ResolvedOptions = Readonly<
  Required<
    Omit<SieddOptions, "cacheDir" | "authorize" | "publicUrl" | "maxUploadBytes" | keyof OpenLibrariesOptions>
  >
> &
  ResolvedLibraryOptions & {
    readonly authorize: Authorize | undefined;
    /** Absolute path. */
    readonly cacheDir: string | undefined;
    /** With a trailing slash. */
    readonly publicUrl: string | undefined;
    readonly maxUploadBytes: number | undefined;
  };

const MiB = 1024 * 1024;
const NO_LIMIT = "use 0 for no limit";

/**
 * Validates the options and fills in defaults. Returns a new object.
 *
 * @throws ServeError `bad-option`, with the path, the rule and the value; also for an option that does not exist
 */
export function resolveOptions(options: SieddOptions): ResolvedOptions {
  const integer = integerReader(options);
  const cores = availableParallelism();
  const concurrency = integer("concurrency", { defaultValue: cores, min: 1, max: 256 });
  const maxQueue = integer("maxQueue", { defaultValue: 64, min: 0, max: 1_000_000 });
  const fairShare = Math.max(concurrency + 1, Math.ceil((concurrency + maxQueue) / 2));
  const resolved = {
    ...resolveLibraryOptions(options),
    cacheBytes: integer("cacheBytes", {
      defaultValue: 256 * MiB,
      min: 0,
      hint: "use 0 to disable the memory cache",
    }),
    cacheDir: resolveCacheDir(options),
    cacheDirBytes: integer("cacheDirBytes", { defaultValue: 4096 * MiB, min: 16 * MiB }),
    videoEncoder: resolveVideoEncoder(options),
    workers: Math.min(cores, integer("workers", { defaultValue: cores, min: 1, max: 256 })),
    concurrency,
    maxQueue,
    maxQueueSeconds: seconds(options, "maxQueueSeconds", { defaultValue: 8, min: 0.001, max: 9.999 }),
    maxWork: integer("maxWork", { defaultValue: 300 * 4096 * 2304, min: 1 }),
    clientJobs: integer("clientJobs", { defaultValue: fairShare, min: 0, max: 1_000_000, hint: NO_LIMIT }),
    clientPixelsPerSecond: integer("clientPixelsPerSecond", { defaultValue: 0, min: 0, hint: NO_LIMIT }),
    clientKey: optionalFunction(options, "clientKey") ?? ((request) => request.ip),
    prefetch: integer("prefetch", { defaultValue: 1, min: 0, max: 8, hint: "use 0 to disable prefetching" }),
    publicUrl: resolvePublicUrl(options),
    signKeys: resolveSignKeys(options),
    authorize: optionalFunction(options, "authorize"),
    maxSide: integer("maxSide", { defaultValue: 8192, min: 16, max: 8192 }),
    maxArea: integer("maxArea", { defaultValue: 4096 * 2304, min: 256, max: H264_MAX_AREA }),
    closeSeconds: seconds(options, "closeSeconds", { defaultValue: 5, min: 0, max: 3600 }),
    ...resolveEncoding(options),
    upload: resolveUpload(options),
    maxUploadBytes:
      options.maxUploadBytes === undefined
        ? undefined
        : integer("maxUploadBytes", { defaultValue: 0, min: 1 }),
    metrics: resolveMetrics(options),
    onWork: optionalFunction(options, "onWork") ?? (() => {}),
  };
  const given = Object.fromEntries(
    Object.entries(options).filter(([name]) => !FASTIFY_OPTIONS.includes(name)),
  );
  rejectUnknownOptions("siedd options", given, Object.keys(resolved));
  return Object.freeze(resolved);
}

/** Options of `register` that Fastify handles. */
const FASTIFY_OPTIONS: readonly string[] = ["prefix", "logLevel", "logSerializers"];
type IntegerOption =
  | "cacheBytes"
  | "cacheDirBytes"
  | "workers"
  | "concurrency"
  | "maxQueue"
  | "maxWork"
  | "clientJobs"
  | "clientPixelsPerSecond"
  | "maxUploadBytes"
  | "prefetch"
  | "maxSide"
  | "maxArea";

interface Bounds {
  readonly defaultValue: number;
  readonly min: number;
  readonly max?: number;
  /** What to do instead of giving an invalid value. */
  readonly hint?: string;
}

const integerReader =
  (options: SieddOptions) =>
  (name: IntegerOption, { defaultValue, min, max, hint }: Bounds): number => {
    const value = options[name] ?? defaultValue;
    if (Number.isSafeInteger(value) && value >= min && value <= (max ?? Infinity)) return value;
    const range = max === undefined ? `>= ${min}` : `from ${min} to ${max}`;
    throw invalid(name, `an integer ${range}`, value, hint);
  };

function seconds(
  options: SieddOptions,
  name: "maxQueueSeconds" | "closeSeconds",
  { defaultValue, min, max }: Required<Omit<Bounds, "hint">>,
): number {
  const value = options[name] ?? defaultValue;
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw invalid(name, `a number of seconds from ${min} to ${max}`, value);
}

function resolveUpload({ upload = false }: SieddOptions): boolean {
  if (typeof upload === "boolean") return upload;
  throw invalid("upload", "true or false", upload);
}

function resolveMetrics({ metrics = true }: SieddOptions): boolean | "public" {
  if (typeof metrics === "boolean" || metrics === "public") return metrics;
  throw invalid("metrics", 'true or false, or "public"', metrics);
}

function optionalFunction<K extends "clientKey" | "authorize" | "onWork">(
  options: SieddOptions,
  name: K,
): SieddOptions[K] {
  const value = options[name];
  if (value === undefined || typeof value === "function") return value;
  throw invalid(name, "a function", value);
}

function resolveCacheDir({ cacheDir }: SieddOptions): string | undefined {
  if (cacheDir === undefined) return undefined;
  if (typeof cacheDir === "string" && cacheDir !== "") return resolve(cacheDir);
  throw invalid("cacheDir", "a folder path", cacheDir);
}

function resolvePublicUrl({ publicUrl }: SieddOptions): string | undefined {
  if (publicUrl === undefined) return undefined;
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  const isPlain = url !== undefined && `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/*$/, "/");
  throw invalid(
    "publicUrl",
    'an http or https URL without a query, such as "https://host/videos"',
    publicUrl,
  );
}

function resolveVideoEncoder({ videoEncoder = "x264" }: SieddOptions): VideoEncoder {
  if (VIDEO_ENCODERS.includes(videoEncoder)) return videoEncoder;
  throw invalid("videoEncoder", `one of ${VIDEO_ENCODERS.join(", ")}`, videoEncoder);
}

function resolveSignKeys({ signKeys = [] }: SieddOptions): readonly SignKey[] {
  if (!Array.isArray(signKeys)) throw invalid("signKeys", "an array of keys", signKeys);
  for (const [i, key] of signKeys.entries()) {
    assertSignKey(key, `siedd options.signKeys[${i}]`);
    if (signKeys.findIndex(({ id }) => id === key.id) < i) {
      throw invalid(`signKeys[${i}].id`, "unique", key.id);
    }
  }
  return signKeys.map(({ id, secret }) => ({ id, secret }));
}

const invalid = (name: string, rule: string, value: unknown, hint?: string): ServeError =>
  invalidOption(`siedd options.${name}`, rule, value, hint);
