import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Asset } from "../../codec/asset/asset.js";
import {
  chooseEngine,
  type DecoderEngine,
  type DecoderEngineChoice,
} from "../../codec/decode/frame-decoder.js";
import { SieddError } from "../../codec/errors.js";
import { hasOnnxRuntime, onnxRuntimeMissing } from "../../decode-pool/load-onnxruntime.js";
import { HEVC_AV1_RECIPE, h264Recipe, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import { RequestError } from "../errors.js";
import {
  ASSET_EXTENSION,
  type AssetSource,
  type Library,
  type LibraryEntry,
  normalizeId,
  type OpenedSource,
  type Problem,
} from "../library/library.js";
import { TIMELINE_VERSION } from "./timeline.js";

/** A video of the catalog, in its current version. */
export interface CatalogEntry extends OpenedSource {
  readonly id: string;
  /** File name, for display. */
  readonly file: string;
  /** The decoder engine of this video. */
  readonly engine: DecoderEngine;
  /** The `v` of its URLs. Changes with everything that determines the bytes served, such as the asset. */
  readonly version: string;
}

export interface CatalogListing {
  readonly entries: readonly CatalogEntry[];
  readonly problems: readonly Problem[];
}

export interface CatalogOptions {
  readonly engine: DecoderEngineChoice;
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
}

/** Bytes of memory for open assets: thousands of short videos, or dozens of many hours each. */
const OPEN_ASSETS_BYTES = 256 * 1024 * 1024;
/** Bytes of memory per open asset, besides its tables. */
const MIN_ASSET_BYTES = 8 * 1024;

/**
 * Estimates the memory of an open asset in bytes: its network, two objects per group, three numbers per packet. The largest
 * asset is kept alone.
 */
function memoryOf({ headerBytes, groups, audio }: Asset): number {
  const packets = audio.reduce((total, { packetCount }) => total + packetCount, 0);
  const bytes = MIN_ASSET_BYTES + 2 * headerBytes + 256 * groups.length + 16 * packets;
  return Math.min(OPEN_ASSETS_BYTES, bytes);
}

const RESERVED_IDS = new Set(["player", "metrics", "healthz", "readyz", "stats.json"]);
/** Increase the number when the decoders return different frames for an unchanged asset. */
const RENDERING_VERSION = "rendering 1";
/** Assets that `list` opens at the same time. */
const LIST_CONCURRENCY = 8;

/** Characters that no id may contain: control characters and path separators. */
const UNSAFE_CHARACTERS = /[\p{Cc}/\\]/u;

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
   * Opens all videos, sorted by id. Broken assets are reported as problems. Assets that are still being written are
   * left out of both lists.
   */
  async list(): Promise<CatalogListing> {
    const problems: Problem[] = [];
    const ids = await this.#listIds(problems);
    const entries: CatalogEntry[] = [];
    const pending = [...ids].sort();
    const openPending = async () => {
      for (let id = pending.shift(); id !== undefined; id = pending.shift()) {
        const file = `${id}${ASSET_EXTENSION}`;
        const message = this.#invalidIdReason(id);
        if (message !== undefined) {
          problems.push({ file, message });
          continue;
        }
        try {
          entries.push(await this.open(id));
        } catch (error) {
          if (!isTransient(error)) problems.push({ file, message: messageOf(error) });
        }
      }
    };
    await Promise.all(Array.from({ length: LIST_CONCURRENCY }, openPending));
    return {
      entries: entries.sort(compareBy(({ id }) => id)),
      problems: problems.sort(compareBy(({ file }) => file)),
    };
  }

  /**
   * Opens the video of an id, or returns the open one if its file has not changed. Rejects with RequestError
   * `unknown-asset` or `asset-incomplete`, OriginError, or SieddError for a broken asset.
   */
  async open(requestedId: string): Promise<CatalogEntry> {
    const id = normalizeId(requestedId);
    if (this.#invalidIdReason(id) !== undefined) throw unknownAsset(id);
    const found = await this.#find(id);
    if (found === undefined) {
      this.#cache.delete(id);
      throw unknownAsset(id);
    }
    const cached = this.#cache.get(id);
    if (cached !== undefined && cached.revision === found.revision) return cached.entry;
    const opening = { revision: found.revision, entry: this.#openEntry(found), bytes: MIN_ASSET_BYTES };
    this.#cache.set(id, opening);
    opening.entry.then(
      ({ asset }) => {
        if (this.#cache.peek(id) === opening) this.#cache.set(id, { ...opening, bytes: memoryOf(asset) });
      },
      (error: unknown) => {
        // Cache parse errors until the file changes; read errors may be transient.
        const isParseError =
          error instanceof SieddError && error.code !== "read-failed" && error.code !== "asset-replaced";
        if (!isParseError && this.#cache.peek(id) === opening) this.#cache.delete(id);
      },
    );
    return opening.entry;
  }

  /** Collects the ids of all libraries, and adds unreadable libraries and duplicate ids to `problems`. */
  async #listIds(problems: Problem[]): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const library of this.#libraries) {
      const libraryIds = await library.ids().catch((error: unknown) => {
        problems.push({ file: "", message: messageOf(error) });
        return [];
      });
      for (const id of libraryIds) {
        if (ids.has(id))
          problems.push({ file: `${id}${ASSET_EXTENSION}`, message: "duplicate name; rename the file" });
        ids.add(id);
      }
    }
    return ids;
  }

  async #find(id: string): Promise<LibraryEntry | undefined> {
    for (const library of this.#libraries) {
      const entry = await library.find(id);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  async #openEntry({ id, file, open }: LibraryEntry): Promise<CatalogEntry> {
    const { asset, source } = await open();
    const engine = engineFor(asset, this.#options.engine);
    return { id, file, source, asset, engine, version: this.#version(source, engine) };
  }

  #version({ identity }: AssetSource, engine: DecoderEngine): string {
    const { salt, videoEncoder, imageSettings } = this.#options;
    const codecs = `${h264Recipe(videoEncoder)} ${HEVC_AV1_RECIPE}`;
    const recipes = `${RENDERING_VERSION} ${engine} ${TIMELINE_VERSION} ${codecs} ${imageSettings}`;
    return createHash("sha256").update(`${identity} ${recipes} ${salt}`).digest("base64url").slice(0, 16);
  }

  /** Returns why an id cannot be served, or undefined for a valid id. */
  #invalidIdReason(id: string): string | undefined {
    const { maxIdLength } = this.#options;
    if (RESERVED_IDS.has(id)) return `the name "${id}" is reserved for a server URL; rename the file`;
    if (id === "" || id.startsWith(".")) return "names that start with a dot are hidden; rename the file";
    if (id.length > maxIdLength) {
      return `the name must have at most ${maxIdLength} characters, got ${id.length}; rename the file`;
    }
    if (UNSAFE_CHARACTERS.test(id)) {
      return "the name must not contain slashes, backslashes or control characters; rename the file";
    }
    return undefined;
  }
}

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

/** Whether an error is temporary, and not the asset's fault. */
const isTransient = (error: unknown): boolean =>
  (error instanceof RequestError && (error.code === "asset-incomplete" || error.code === "unknown-asset")) ||
  (error instanceof SieddError && error.code === "asset-replaced");

function unknownAsset(id: string): RequestError {
  const shown = id.length > 60 ? `${id.slice(0, 60)}...` : id;
  return new RequestError("unknown-asset", `asset "${shown}" not found`);
}
