import { resolve } from "node:path";
import { DECODER_ENGINES, type DecoderEngineChoice } from "../../codec/decode/frame-decoder.js";
import { hasOnnxRuntime, onnxRuntimeMissing } from "../../decode-pool/load-onnxruntime.js";
import { invalidOption, ServeError } from "../errors.js";
import { rejectUnknownOptions } from "../unknown-options.js";
import type { OriginHeaders } from "./origin.js";

/** Assets on another HTTP server that supports Range requests, such as an object store. */
export interface OriginRoot {
  /**
   * URL of one asset (its path ends in `.siedd`), or of a listing: JSON, or an S3 bucket listing in XML.
   */
  readonly url: string | URL;
  /**
   * Headers of each request to that server, such as `authorization`. A function is called for each request.
   *
   * @default none
   */
  readonly headers?: OriginHeaders;
}

/** A folder path, an `http:` or `https:` URL, or a URL with headers. */
export type Root = string | OriginRoot;

/** A validated root. Whether it exists is not yet known. */
export type ResolvedRoot =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "origin"; readonly url: URL; readonly headers: OriginHeaders };

/** The options of the plugin that determine where videos come from and what decodes them. */
export interface OpenLibrariesOptions {
  /**
   * Where the videos are: a folder (its assets and other video files, with subfolders), the URL of an asset or listing on another
   * server, or an array of these. If several roots contain the same id, the first one wins. A listing is JSON with file
   * names or `{ id, url }`, the catalog of another siedd server, or an S3 bucket listing in XML.
   */
  readonly root: Root | readonly Root[];
  /**
   * Whether folders are watched, so that added and removed videos are logged and opened early. `"poll"` polls every
   * 100 ms, as network file systems require. Requests detect a replaced file in any case.
   *
   * @default true
   */
  readonly watch?: boolean | "poll";
  /**
   * Folder for what the server remembers of video files that are not encoded: their indexes, how often they were watched,
   * and the checkpoints and pauses of their encodes. It may be deleted while the server is not running.
   *
   * @default `.siedd` in the first folder of `root`, or the system's cache folder if that is read-only
   */
  readonly stateDir?: string;
  /**
   * Memory for blocks of assets on other servers.
   *
   * @default 64 MiB
   * @minimum 1 MiB
   * @unit bytes
   */
  readonly originCacheBytes?: number;
  /**
   * Timeout of a request to another server, for up to 1 MiB of data.
   *
   * @default 8
   * @minimum 0 (exclusive)
   * @maximum 3600
   * @unit seconds
   */
  readonly originSeconds?: number;
  /**
   * Time after which a video or listing on another server is revalidated.
   *
   * @default 10
   * @minimum 0
   * @maximum 86400
   * @unit seconds
   */
  readonly originRefreshSeconds?: number;
  /**
   * Other servers, such as `https://cdn.example`, to which the servers in `root` may redirect, and whose addresses may be
   * private if a listing contains their URLs. Redirects to all others are not followed, except within one server.
   *
   * @default none
   */
  readonly originAllowList?: readonly (string | URL)[];
  /**
   * The decoder engine: `kernel` (WebAssembly, tile profile only), `onnx` (onnxruntime-node), or `auto`, the faster
   * one for each video. Their frames may differ by 1/255, so each engine has its own URLs and cache entries.
   *
   * @default "auto"
   */
  readonly engine?: DecoderEngineChoice;
  /**
   * Returns whether this process accepts more requests. Called by `/readyz`, which responds with 503 if it returns false.
   *
   * @default () => true
   */
  readonly ready?: () => boolean;
}

/** OpenLibrariesOptions with every default filled in. */
export type ResolvedLibraryOptions = Readonly<
  Required<Omit<OpenLibrariesOptions, "root" | "stateDir" | "originAllowList">>
> & {
  /** Absolute path. */
  readonly stateDir: string | undefined;
  /** Each as `URL.origin` returns it. */
  readonly originAllowList: ReadonlySet<string>;
  readonly root: readonly ResolvedRoot[];
};

const MiB = 1024 * 1024;

/**
 * Validates the options and fills in defaults.
 *
 * @throws ServeError `bad-option`
 */
export function resolveLibraryOptions(options: OpenLibrariesOptions): ResolvedLibraryOptions {
  const {
    watch = true,
    engine = "auto",
    ready = () => true,
    originCacheBytes = 64 * MiB,
    originSeconds = 8,
    originRefreshSeconds = 10,
  } = options;
  if (watch !== true && watch !== false && watch !== "poll") {
    throw invalid("watch", 'true, false or "poll"', watch);
  }
  if (!DECODER_ENGINES.includes(engine)) {
    throw invalid("engine", `one of ${DECODER_ENGINES.join(", ")}`, engine);
  }
  if (engine === "onnx" && !hasOnnxRuntime()) {
    throw new ServeError("bad-option", onnxRuntimeMissing('siedd options.engine "onnx"'));
  }
  if (typeof ready !== "function") throw invalid("ready", "a function", ready);
  if (!Number.isSafeInteger(originCacheBytes) || originCacheBytes < MiB) {
    throw invalid("originCacheBytes", `an integer >= ${MiB}`, originCacheBytes);
  }
  if (!(originSeconds > 0 && originSeconds <= 3600)) {
    throw invalid("originSeconds", "a number > 0 and <= 3600", originSeconds);
  }
  if (!(originRefreshSeconds >= 0 && originRefreshSeconds <= 86_400)) {
    throw invalid("originRefreshSeconds", "a number from 0 to 86400", originRefreshSeconds);
  }
  const { stateDir } = options;
  if (stateDir !== undefined && (typeof stateDir !== "string" || stateDir === "")) {
    throw invalid("stateDir", "a folder path", stateDir);
  }
  const root = resolveRoots(options.root);
  const originAllowList = resolveAllowList(options.originAllowList ?? []);
  return {
    root,
    stateDir: stateDir === undefined ? undefined : resolve(stateDir),
    watch,
    engine,
    ready,
    originCacheBytes,
    originSeconds,
    originRefreshSeconds,
    originAllowList,
  };
}

function resolveAllowList(value: unknown): ReadonlySet<string> {
  const rule = "an array of http or https URLs without a path, such as https://cdn.example";
  if (!Array.isArray(value)) throw invalid("originAllowList", rule, value);
  const origins = value.map((item: unknown) => {
    const url = URL.canParse(String(item)) ? new URL(String(item)) : undefined;
    const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
    if (url === undefined || !isHttp || url.href !== `${url.origin}/`)
      throw invalid("originAllowList", rule, item);
    return url.origin;
  });
  return new Set(origins);
}

function resolveRoots(value: Root | readonly Root[]): readonly ResolvedRoot[] {
  const roots = Array.isArray(value) ? value : [value];
  if (roots.length === 0) throw invalidRoot(value);
  return roots.map((root: unknown) => resolveRoot(root));
}

function resolveRoot(root: unknown): ResolvedRoot {
  if (typeof root === "string" && root !== "") {
    if (/^https?:\/\//i.test(root)) return resolveRoot({ url: root });
    return { kind: "folder", path: resolve(root) };
  }
  const { url, headers = {} } = (root ?? {}) as { url?: unknown; headers?: OriginHeaders };
  const href = url instanceof URL ? url.href : url;
  if (typeof href !== "string" || !URL.canParse(href)) throw invalidRoot(root);
  if (typeof root === "object" && !(root instanceof URL))
    rejectUnknownOptions("siedd options.root", root as object, ["url", "headers"]);
  const parsed = new URL(href);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") throw invalidRoot(root);
  if (parsed.username !== "") {
    throw new ServeError(
      "bad-option",
      "siedd options.root must not contain credentials in the URL; pass them in `headers`",
    );
  }
  return { kind: "origin", url: parsed, headers };
}

const invalid = (key: string, rule: string, value: unknown): ServeError =>
  invalidOption(`siedd options.${key}`, rule, value);

/** The message leaves out the headers of a root, which may be secret. */
function invalidRoot(value: unknown): ServeError {
  const { url = value } = (value ?? {}) as { url?: unknown };
  return invalid("root", "a folder path, an http or https URL, { url, headers }, or an array of these", url);
}
