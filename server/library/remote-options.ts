import type { DecoderBackendChoice } from "../../codec/decode/frame-decoder.js";
import { DECODER_BACKENDS } from "../../codec/decode/frame-decoder.js";
import { invalidOption, type ServeError } from "../errors.js";
import { type ResolvedRoot, type Root, resolveRoots } from "./open-libraries.js";

/** The options of the plugin that say where videos come from and what decodes them. */
export interface OpenLibrariesOptions {
  /**
   * Folder whose `*.siedd` files are served (its subfolders are not), the address of assets on another server, or an
   * array of these; an id that several have is the first one's. An address ends in `.siedd` or is that of a list: in
   * JSON names, `{ id, url }`, or the catalog of another siedd server; in XML a bucket as S3 lists it.
   */
  readonly root: Root | readonly Root[];
  /**
   * Whether folders are watched, so that the log and the console tell of videos that come and go; `"poll"` looks
   * every 100 ms, as network file systems need. Requests notice a replaced file in any case. Default true.
   */
  readonly watch?: boolean | "poll";
  /** Bytes of assets on other servers kept in memory, from 1 MiB. Default 64 MiB. */
  readonly originCacheBytes?: number;
  /** Seconds that another server has to answer a request, up to 1 MiB of it, above 0. Default 8. */
  readonly originSeconds?: number;
  /** Seconds after which a video or list on another server is looked at again, from 0 to 86400. Default 10. */
  readonly originRefreshSeconds?: number;
  /**
   * What decodes: `kernel` (WebAssembly, tile profile only), `onnx` (onnxruntime-node), or `auto`, the faster one for
   * each video. They may differ by 1/255, so that each has URLs and cache entries of its own. Default `auto`.
   */
  readonly engine?: DecoderBackendChoice;
  /** Asked by `/readyz`, whether this process wants more requests. Default: always. */
  readonly ready?: () => boolean;
}

/** SourceOptions with every default filled in. */
export type ResolvedLibraryOptions = Readonly<Required<Omit<OpenLibrariesOptions, "root">>> & {
  readonly root: readonly ResolvedRoot[];
};

const MiB = 1024 * 1024;

/** Throws ServeError `bad-option` naming path, rule and value. */
export function resolveSourceOptions(given: OpenLibrariesOptions): ResolvedLibraryOptions {
  const {
    watch = true,
    engine = "auto",
    ready = () => true,
    originCacheBytes = 64 * MiB,
    originSeconds = 8,
    originRefreshSeconds = 10,
  } = given;
  if (watch !== true && watch !== false && watch !== "poll") {
    throw refuse("watch", 'true, false or "poll"', watch);
  }
  if (!DECODER_BACKENDS.includes(engine)) throw refuse("engine", DECODER_BACKENDS.join(", "), engine);
  if (typeof ready !== "function") throw refuse("ready", "a function", ready);
  if (!Number.isSafeInteger(originCacheBytes) || originCacheBytes < MiB) {
    throw refuse("originCacheBytes", `a whole number from ${MiB}`, originCacheBytes);
  }
  if (!(originSeconds > 0 && originSeconds <= 3600)) {
    throw refuse("originSeconds", "a number of seconds above 0, at most 3600", originSeconds);
  }
  if (!(originRefreshSeconds >= 0 && originRefreshSeconds <= 86_400)) {
    throw refuse("originRefreshSeconds", "a number of seconds from 0 to 86400", originRefreshSeconds);
  }
  const root = resolveRoots(given.root);
  return { root, watch, engine, ready, originCacheBytes, originSeconds, originRefreshSeconds };
}

const refuse = (key: string, rule: string, value: unknown): ServeError =>
  invalidOption(`siedd options.${key}`, rule, value);
