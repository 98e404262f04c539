import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { type Asset, openAsset } from "../codec/asset/asset.js";
import { SieddError } from "../codec/errors.js";
import { H264_RECIPE } from "../media/h264.js";
import {
  type FileIdentity,
  type FileSource,
  fileIdentity,
  fileSource,
  sameFile,
} from "./decoding/file-source.js";
import { RequestError } from "./errors.js";
import { TIMELINE } from "./hls/timeline.js";
import { PICTURE_RECIPE } from "./pictures/encode-picture.js";

/** One film as it lies on the disk at this moment. */
export interface Film {
  readonly id: string;
  readonly path: string;
  /** Name within the root. */
  readonly file: string;
  readonly identity: FileIdentity;
  readonly asset: Asset;
  /** `v` of its URLs: changes with the file and with everything else that decides the bytes served. */
  readonly version: string;
}

/** A file of the root that cannot be served, and why. */
export interface Problem {
  readonly file: string;
  readonly message: string;
}

export interface CatalogueListing {
  readonly films: readonly Film[];
  readonly problems: readonly Problem[];
}

const EXTENSION = ".siedd";
const RESERVED = new Set(["player", "metrics", "healthz"]);
/** Raise it when decoding changes what equal assets look like. */
const RENDERING = "rendering 1";

/** Control characters and what separates path segments can be in no id. */
const UNSAFE = /[\p{Cc}/\\]/u;

/** The films of one folder. Files are looked at again at each request, so that a replaced one is noticed. */
export class Catalogue {
  readonly root: string;
  readonly #salt: string;
  readonly #maxIdLength: number;
  readonly #open = new LRUCache<string, { identity: FileIdentity; film: Promise<Film> }>({ max: 256 });

  /**
   * @param salt everything of the configuration that decides the bytes served
   * @param maxIdLength characters that the router lets a path segment have
   */
  constructor(root: string, salt: string, maxIdLength: number) {
    this.root = root;
    this.#salt = salt;
    this.#maxIdLength = maxIdLength;
  }

  /** Films in alphabetical order. Broken assets are problems, not films. */
  async list(): Promise<CatalogueListing> {
    const entries = await readdir(this.root, { withFileTypes: true });
    const files = entries
      .filter((entry) => !entry.isDirectory() && entry.name.endsWith(EXTENSION))
      .map((e) => e.name);
    const films: Film[] = [];
    const problems: Problem[] = [];
    for (const file of files.sort()) {
      const id = file.slice(0, -EXTENSION.length);
      const refusal = this.#refusal(id);
      if (refusal !== undefined) problems.push({ file, message: refusal });
      else {
        try {
          films.push(await this.open(id));
        } catch (error) {
          problems.push({ file, message: error instanceof Error ? error.message : String(error) });
        }
      }
    }
    return { films, problems };
  }

  /** The film of an id. Rejects with RequestError `unknown-asset`, or SieddError for a broken asset. */
  async open(id: string): Promise<Film> {
    if (this.#refusal(id) !== undefined) throw unknown(id);
    const file = `${id}${EXTENSION}`;
    const path = join(this.root, file);
    const identity = await fileIdentity(path).catch(() => {
      throw unknown(id);
    });
    const known = this.#open.get(id);
    if (known !== undefined && sameFile(known.identity, identity)) return known.film;
    const film = this.#read(id, file, path);
    const entry = { identity, film };
    this.#open.set(id, entry);
    film.catch((error: unknown) => {
      // What is wrong with the bytes stays wrong until they change; that they could not be read may pass.
      const broken = error instanceof SieddError && error.code !== "read-failed";
      if (!broken && this.#open.peek(id) === entry) this.#open.delete(id);
    });
    return film;
  }

  async #read(id: string, file: string, path: string): Promise<Film> {
    const source = fileSource(path);
    const asset = await openAsset(source, { name: file });
    return { id, path, file, identity: source.identity, asset, version: await this.#version(asset, source) };
  }

  async #version(asset: Asset, source: FileSource): Promise<string> {
    const { size, mtimeMs } = source.identity;
    const head = await source.read(0, asset.headerBytes);
    const hash = createHash("sha256").update(
      `${size} ${mtimeMs} ${RENDERING} ${TIMELINE} ${H264_RECIPE} ${PICTURE_RECIPE} ${this.#salt}\n`,
    );
    return hash.update(head).digest("base64url").slice(0, 16);
  }

  #refusal(id: string): string | undefined {
    if (RESERVED.has(id)) return `"${id}" is reserved for a URL of the server; rename the file`;
    if (id === "" || id.startsWith(".")) return "a name that begins with a dot is hidden; rename the file";
    if (id.length > this.#maxIdLength)
      return `a name of more than ${this.#maxIdLength} characters has no URL; rename it`;
    if (UNSAFE.test(id)) return "a name with a slash or a control character has no URL; rename the file";
    return undefined;
  }
}

function unknown(id: string): RequestError {
  const shown = id.length > 60 ? `${id.slice(0, 60)}...` : id;
  return new RequestError("unknown-asset", `there is no asset "${shown}" here`);
}
