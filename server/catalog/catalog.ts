import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Asset } from "../../codec/asset/asset.js";
import {
  chooseEngine,
  type DecoderEngine,
  type DecoderEngineChoice,
} from "../../codec/decode/frame-decoder.js";
import { SieddError } from "../../codec/errors.js";
import type { DecodePool } from "../../decode-pool/index.js";
import { hasOnnxRuntime, onnxRuntimeMissing } from "../../decode-pool/load-onnxruntime.js";
import { MediaError } from "../../media/errors.js";
import { HEVC_AV1_RECIPE, h264Recipe, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import { RequestError } from "../errors.js";
import { TIMELINE_KEY_LENGTH } from "../http/caching.js";
import { checkReadable } from "../library/check-readable.js";
import { concurrently } from "../library/concurrently.js";
import { invalidIdReason } from "../library/invalid-id.js";
import {
  ASSET_EXTENSION,
  type Library,
  type LibraryEntry,
  type LocatedVideo,
  normalizeId,
  type OpenedSource,
  type Problem,
  type SourceFile,
} from "../library/library.js";
import { assetVideo } from "../video/asset-video.js";
import type { Video } from "../video/video.js";
import { TIMELINE_VERSION } from "./timeline.js";

/** A video of the catalog, in its current version. */
export interface CatalogEntry {
  readonly id: string;
  /** File name, for display. */
  readonly file: string;
  readonly video: Video;
  /** The asset and its bytes; undefined for a source. */
  readonly stored: OpenedSource | undefined;
  /** The `v` of its URLs. Changes with everything that determines the bytes served, such as the asset. */
  readonly version: string;
}

/** A video of the listing. */
export interface ListedVideo extends Omit<LibraryEntry, "open"> {
  /** Undefined for a source that was not opened yet. */
  readonly opened: CatalogEntry | undefined;
}

export interface CatalogListing {
  readonly entries: readonly ListedVideo[];
  readonly problems: readonly Problem[];
}

export interface CatalogOptions {
  readonly engine: DecoderEngineChoice;
  readonly pool: DecodePool;
  /** Returns the video of a source. */
  readonly openSource: (source: SourceFile) => Video;
  readonly videoEncoder: VideoEncoder;
  /** Identifies the settings that images are encoded with; part of every version. */
  readonly imageSettings: string;
  /** The other options that determine the bytes served; part of every version. */
  readonly salt: string;
  /** Maximum characters of a path segment in the router. */
  readonly maxIdLength: number;
}

interface CachedEntry {
  readonly revision: string;
  readonly entry: Promise<CatalogEntry>;
  /** Approximate size in memory, bytes. */
  readonly bytes: number;
  /** Whether the video was opened, or cannot be. */
  readonly settled: boolean;
}

/** Bytes of memory for open assets: thousands of short videos, or dozens of many hours each. */
const OPEN_ASSETS_BYTES = 256 * 1024 * 1024;
/** Bytes of memory per open asset, besides its tables. */
const MIN_ASSET_BYTES = 8 * 1024;

/**
 * Estimates the memory of an open video in bytes: its network, two objects per group, three numbers per packet. The largest
 * video is kept alone.
 */
function memoryOf({ video, stored }: CatalogEntry): number {
  const packets = video.audio.reduce((total, { packetCount }) => total + packetCount, 0);
  const { headerBytes = 0, groups = [] } = stored?.asset ?? {};
  const bytes = MIN_ASSET_BYTES + 2 * headerBytes + 256 * groups.length + 16 * packets;
  return Math.min(OPEN_ASSETS_BYTES, bytes);
}

/** Increase the number when the decoders return different frames for an unchanged asset. */
const RENDERING_VERSION = "rendering 1";
/** Characters of the second part of a version. The first part has `TIMELINE_KEY_LENGTH`. */
const CONTENT_KEY_LENGTH = 10;
/** Codes of MediaError for files that are no videos. */
const UNREADABLE = new Set([
  "not-a-video",
  "no-video-stream",
  "no-frames",
  "truncated-video",
  "unsupported-video",
]);
/** Assets that `list` opens at the same time. */
const LIST_CONCURRENCY = 8;

/** The videos of all libraries. If several libraries contain the same id, the first one wins. */
export class Catalog {
  readonly #libraries: readonly Library[];
  readonly #options: CatalogOptions;
  readonly #cache = new LRUCache<string, CachedEntry>({
    maxSize: OPEN_ASSETS_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });

  constructor(libraries: readonly Library[], options: CatalogOptions) {
    this.#libraries = libraries;
    this.#options = options;
  }

  /** Whether every library has been scanned once. */
  get scanned(): boolean {
    return this.#libraries.every(({ scanned }) => scanned);
  }

  /**
   * Lists all videos, sorted by id. Assets are opened; sources only if they were opened before, because indexing takes a
   * process for each. Broken videos are reported as problems. Videos that are still being written are left out of both
   * lists.
   */
  async list(): Promise<CatalogListing> {
    const problems: Problem[] = [];
    const entries: ListedVideo[] = [];
    await concurrently(await this.#locate(problems), LIST_CONCURRENCY, async (video) => {
      const { id, find } = video;
      const reason = this.invalidIdReason(id);
      if (reason !== undefined) {
        problems.push({ file: await fileOf(video), message: reason });
        return;
      }
      let file = `${id}${ASSET_EXTENSION}`;
      try {
        const found = await find();
        if (found === undefined) return;
        file = found.file;
        entries.push(await this.#listEntry(found));
      } catch (error) {
        if (!isTransient(error)) problems.push({ file, message: messageOf(error) });
      }
    });
    return {
      entries: entries.sort(compareBy(({ id }) => id)),
      problems: problems.sort(compareBy(({ file }) => file)),
    };
  }

  /** Rejects as `open` does if the video is known to be broken. */
  async #listEntry(found: LibraryEntry): Promise<ListedVideo> {
    const { open: _, ...listed } = found;
    const { id, backend } = listed;
    if (backend === "asset") return { ...listed, opened: await this.#openCached(found) };
    const cached = this.#cache.get(id);
    if (cached?.revision !== found.revision || !cached.settled) {
      await checkReadable(found);
      return { ...listed, opened: undefined };
    }
    return { ...listed, opened: await cached.entry };
  }

  /** Looks up a video without opening it. Rejects with RequestError `unknown-asset`, or OriginError. */
  async find(requestedId: string): Promise<LibraryEntry> {
    const id = normalizeId(requestedId);
    const found = this.invalidIdReason(id) === undefined ? await this.#find(id) : undefined;
    if (found !== undefined) return found;
    this.#cache.delete(id);
    throw unknownAsset(id);
  }

  /**
   * Opens the video of an id, or returns the open one if its file has not changed. Rejects with RequestError
   * `unknown-asset` or `asset-incomplete`, OriginError, or SieddError for a broken asset.
   */
  async open(id: string): Promise<CatalogEntry> {
    return this.#openCached(await this.find(id));
  }

  #openCached(found: LibraryEntry): Promise<CatalogEntry> {
    const { id, revision } = found;
    const cached = this.#cache.get(id);
    if (cached !== undefined && cached.revision === revision) return cached.entry;
    const opening = { revision, entry: this.#openEntry(found), bytes: MIN_ASSET_BYTES, settled: false };
    this.#cache.set(id, opening);
    const settle = (bytes: number) => {
      if (this.#cache.peek(id) === opening) this.#cache.set(id, { ...opening, bytes, settled: true });
    };
    opening.entry.then(
      (entry) => settle(memoryOf(entry)),
      (error: unknown) => {
        // Cache parse errors until the file changes; other errors may be transient.
        if (isParseError(error)) settle(MIN_ASSET_BYTES);
        else if (this.#cache.peek(id) === opening) this.#cache.delete(id);
      },
    );
    return opening.entry;
  }

  /** Locates the videos of all libraries, and adds unreadable libraries and duplicate ids to `problems`. */
  async #locate(problems: Problem[]): Promise<LocatedVideo[]> {
    const located = new Map<string, LocatedVideo>();
    for (const library of this.#libraries) {
      const videos = await locateVideos(library, (problem) => problems.push(problem)).catch(
        (error: unknown) => {
          problems.push({ file: "", message: messageOf(error) });
          return [];
        },
      );
      for (const video of videos) {
        const { id } = video;
        if (located.has(id))
          problems.push({ file: await fileOf(video), message: "duplicate name; rename the file" });
        else located.set(id, video);
      }
    }
    return [...located.values()];
  }

  async #find(id: string): Promise<LibraryEntry | undefined> {
    for (const library of this.#libraries) {
      const entry = await library.find(id);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  async #openEntry({ id, file, open }: LibraryEntry): Promise<CatalogEntry> {
    const { pool, openSource } = this.#options;
    const opened = await open();
    if (!("asset" in opened)) {
      const video = openSource(opened);
      return {
        id,
        file,
        video,
        stored: undefined,
        version: this.#version(video, opened.identity, `source ${opened.identity}`),
      };
    }
    const { asset, source } = opened;
    const engine = engineFor(asset, this.#options.engine);
    const video = assetVideo(opened, engine, pool);
    // An asset continues the timeline of the source that it was encoded from.
    const origin = asset.metadata.source?.identity ?? source.identity;
    const version = this.#version(video, origin, `${source.identity} ${engine}`);
    return { id, file, video, stored: opened, version };
  }

  /**
   * Returns the version of a video: `TIMELINE_KEY_LENGTH` characters that identify its segments and init segments, and then
   * characters that identify everything else that determines the bytes served.
   *
   * @param origin identity of the original video: players must not go on with another one, however similar it is
   */
  #version({ width, height, frameRate, frameCount, audio }: Video, origin: string, content: string): string {
    const { salt, videoEncoder, imageSettings } = this.#options;
    const codecs = `${h264Recipe(videoEncoder)} ${HEVC_AV1_RECIPE}`;
    const tracks = audio.map(({ sampleRate, channels, priming }) => [sampleRate, channels, priming]);
    const timeline = [
      TIMELINE_VERSION,
      codecs,
      width,
      height,
      frameRate.num,
      frameRate.den,
      frameCount,
      tracks,
      origin,
    ];
    const rest = `${RENDERING_VERSION} ${content} ${imageSettings} ${salt}`;
    return hash(JSON.stringify(timeline), TIMELINE_KEY_LENGTH) + hash(rest, CONTENT_KEY_LENGTH);
  }

  /** Returns why an id cannot be served, or undefined for a valid id. */
  invalidIdReason(id: string): string | undefined {
    return invalidIdReason(id, this.#options.maxIdLength);
  }
}

const locateVideos = async (
  library: Library,
  onProblem: (problem: Problem) => void,
): Promise<readonly LocatedVideo[]> =>
  (await library.locate?.(onProblem)) ??
  (await library.ids()).map((id) => ({ id, find: () => library.find(id) }));

/** Returns the file name of a video for a message. */
const fileOf = async ({ id, find }: LocatedVideo): Promise<string> =>
  (await find().catch(() => undefined))?.file ?? `${id}${ASSET_EXTENSION}`;

/** Returns the first `length` characters of a hash of the text. */
const hash = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("base64url").slice(0, length);

function engineFor(asset: Asset, choice: DecoderEngineChoice): DecoderEngine {
  try {
    const engine = chooseEngine(asset.profile, choice);
    if (engine === "kernel" || hasOnnxRuntime()) return engine;
  } catch (cause) {
    const message =
      'engine "kernel" decodes only the tile profile, and this asset has the paper profile; use "auto" or "onnx"';
    throw new SieddError("unsupported-version", message, { cause });
  }
  throw new SieddError("no-onnxruntime", onnxRuntimeMissing("the paper profile"));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const compareBy =
  <T>(key: (item: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : 1;

/** Whether the file itself is broken, as long as it does not change. */
export const isParseError = (error: unknown): boolean =>
  (error instanceof SieddError && error.code !== "read-failed" && error.code !== "asset-replaced") ||
  (error instanceof MediaError && UNREADABLE.has(error.code));

/** Whether an error is temporary, and not the asset's fault. */
const isTransient = (error: unknown): boolean =>
  (error instanceof RequestError && (error.code === "asset-incomplete" || error.code === "unknown-asset")) ||
  (error instanceof SieddError && error.code === "asset-replaced");

function unknownAsset(id: string): RequestError {
  const shown = id.length > 60 ? `${id.slice(0, 60)}...` : id;
  return new RequestError("unknown-asset", `asset "${shown}" not found`);
}
