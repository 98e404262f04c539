import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Asset } from "../../codec/asset/asset.js";
import {
  chooseBackend,
  type DecoderBackend,
  type DecoderBackendChoice,
} from "../../codec/decode/frame-decoder.js";
import { SieddError } from "../../codec/errors.js";
import { h264Recipe, NEWER_RECIPE, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import { RequestError } from "../errors.js";
import {
  type AssetSource,
  EXTENSION,
  type Library,
  type LibraryEntry,
  type OpenedSource,
  type Problem,
} from "../library/library.js";
import { IMAGE_SETTINGS } from "../render/encode-image.js";
import { TIMELINE } from "./timeline.js";

/** One video as it is at this moment. */
export interface CatalogEntry extends OpenedSource {
  readonly id: string;
  /** File name, for people. */
  readonly file: string;
  /** What decodes it. */
  readonly engine: DecoderBackend;
  /** `v` of its URLs: changes with the file and with everything else that decides the bytes served. */
  readonly version: string;
}

export interface CatalogListing {
  readonly entries: readonly CatalogEntry[];
  readonly problems: readonly Problem[];
}

export interface CatalogOptions {
  readonly engine: DecoderBackendChoice;
  readonly videoEncoder: VideoEncoder;
  /** Everything else of the configuration that decides the bytes served. */
  readonly salt: string;
  /** Characters that the router lets a path segment have. */
  readonly maxIdLength: number;
}

interface Opened {
  readonly tag: string;
  readonly entry: Promise<CatalogEntry>;
  /** Of memory, about. */
  readonly bytes: number;
}

/** Bytes of memory that open videos may take: thousands of short ones, or some dozens of many hours. */
const OPEN_BYTES = 256 * 1024 * 1024;
/** Those of one beside its tables. */
const MIN_OPEN_BYTES = 8 * 1024;

/** Bytes that an open asset takes, as measured: its network, an object for each group, two numbers for each packet. */
function memoryOf({ headerBytes, groups, audio }: Asset): number {
  const packets = audio.reduce((total, { packetCount }) => total + packetCount, 0);
  return MIN_OPEN_BYTES + 2 * headerBytes + 128 * groups.length + 32 * packets;
}

const RESERVED = new Set(["player", "metrics", "healthz", "readyz", "stats.json"]);
/** Raise it when decoding changes what equal assets look like. */
const RENDERING = "rendering 1";
/** Assets that are opened at the same time for a list of all. */
const OPENED_AT_ONCE = 8;

/** Control characters and what separates path segments can be in no id. */
const UNSAFE = /[\p{Cc}/\\]/u;

/** The videos of all libraries. An id that several of them have is the first one's. */
export class Catalog {
  readonly #libraries: readonly Library[];
  readonly #options: CatalogOptions;
  readonly #open = new LRUCache<string, Opened>({
    maxSize: OPEN_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });

  constructor(libraries: readonly Library[], options: CatalogOptions) {
    this.#libraries = libraries;
    this.#options = options;
  }

  /** Whether every library has been looked through once. */
  get known(): boolean {
    return this.#libraries.every(({ known }) => known);
  }

  /** Videos in alphabetical order. Broken assets are problems, not videos; those still being written are neither. */
  async list(): Promise<CatalogListing> {
    const problems: Problem[] = [];
    const ids = new Set<string>();
    for (const library of this.#libraries) {
      const found = await library.ids().catch((error: unknown) => {
        problems.push({ file: "", message: sentence(error) });
        return [];
      });
      for (const id of found) {
        if (ids.has(id)) problems.push({ file: `${id}${EXTENSION}`, message: "another one has this name" });
        ids.add(id);
      }
    }
    const entries: CatalogEntry[] = [];
    const waiting = [...ids].sort();
    const openNext = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const file = `${id}${EXTENSION}`;
        const refusal = this.#refusal(id);
        if (refusal !== undefined) problems.push({ file, message: refusal });
        else {
          try {
            entries.push(await this.open(id));
          } catch (error) {
            if (!isPassing(error)) problems.push({ file, message: sentence(error) });
          }
        }
      }
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openNext));
    const byName =
      <T>(key: (of: T) => string) =>
      (a: T, b: T) =>
        key(a) < key(b) ? -1 : 1;
    return {
      entries: entries.sort(byName(({ id }) => id)),
      problems: problems.sort(byName(({ file }) => file)),
    };
  }

  /**
   * The video of an id. Rejects with RequestError `unknown-asset` or `asset-incomplete`, OriginError, or SieddError
   * for a broken asset.
   */
  async open(id: string): Promise<CatalogEntry> {
    if (this.#refusal(id) !== undefined) throw unknown(id);
    const entry = await this.#find(id);
    if (entry === undefined) {
      this.#open.delete(id);
      throw unknown(id);
    }
    const known = this.#open.get(id);
    if (known !== undefined && known.tag === entry.tag) return known.entry;
    const opening = { tag: entry.tag, entry: this.#read(entry), bytes: MIN_OPEN_BYTES };
    this.#open.set(id, opening);
    opening.entry.then(
      ({ asset }) => {
        if (this.#open.peek(id) === opening) this.#open.set(id, { ...opening, bytes: memoryOf(asset) });
      },
      (error: unknown) => {
        // What is wrong with the bytes stays wrong until they change; that they could not be read may pass.
        const broken =
          error instanceof SieddError && error.code !== "read-failed" && error.code !== "asset-replaced";
        if (!broken && this.#open.peek(id) === opening) this.#open.delete(id);
      },
    );
    return opening.entry;
  }

  async #find(id: string): Promise<LibraryEntry | undefined> {
    for (const library of this.#libraries) {
      const entry = await library.find(id);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  async #read({ id, file, open }: LibraryEntry): Promise<CatalogEntry> {
    const { asset, source } = await open();
    const engine = engineFor(asset, this.#options.engine);
    return { id, file, source, asset, engine, version: await this.#version(asset, source, engine) };
  }

  async #version(asset: Asset, source: AssetSource, engine: DecoderBackend): Promise<string> {
    const head = await source.read(0, asset.headerBytes);
    const { salt, videoEncoder } = this.#options;
    const codecs = `${h264Recipe(videoEncoder)} ${NEWER_RECIPE}`;
    const recipes = `${RENDERING} ${engine} ${TIMELINE} ${codecs} ${IMAGE_SETTINGS}`;
    const hash = createHash("sha256").update(`${source.fingerprint} ${recipes} ${salt}\n`);
    return hash.update(head).digest("base64url").slice(0, 16);
  }

  #refusal(id: string): string | undefined {
    const { maxIdLength } = this.#options;
    if (RESERVED.has(id)) return `"${id}" is reserved for a URL of the server; rename the file`;
    if (id === "" || id.startsWith(".")) return "a name that begins with a dot is hidden; rename the file";
    if (id.length > maxIdLength) return `a name of more than ${maxIdLength} characters has no URL; rename it`;
    if (UNSAFE.test(id)) return "a name with a slash or a control character has no URL; rename the file";
    return undefined;
  }
}

function engineFor(asset: Asset, choice: DecoderBackendChoice): DecoderBackend {
  try {
    return chooseBackend(asset.profile, choice);
  } catch (cause) {
    const text = "the server's engine decodes the tile profile only, and this asset has the paper profile";
    throw new SieddError("unsupported-version", text, { cause });
  }
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What is no fault of the asset, and over soon. */
const isPassing = (error: unknown): boolean =>
  (error instanceof RequestError && (error.code === "asset-incomplete" || error.code === "unknown-asset")) ||
  (error instanceof SieddError && error.code === "asset-replaced");

function unknown(id: string): RequestError {
  const shown = id.length > 60 ? `${id.slice(0, 60)}...` : id;
  return new RequestError("unknown-asset", `there is no asset "${shown}" here`);
}
