import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, statfs } from "node:fs/promises";
import { extname, join } from "node:path";
import { LRUCache } from "lru-cache";
import { openAsset } from "../../codec/asset/asset.js";
import { fileSource } from "../../decode-pool/index.js";
import { fileIdentity } from "../../media/probe/file-identity.js";
import { formatBytes } from "../../protocol/format-bytes.js";
import type { UploadMetadata } from "../../protocol/upload.js";
import { type Catalog, isParseError } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";
import { ASSET_EXTENSION } from "../library/library.js";
import { SourceIndexes } from "../library/source-index.js";
import type { Tus } from "./load-tus.js";
import { placeFile } from "./place-file.js";
import { parseUploadFolder, sanitizeFileName } from "./upload-name.js";

export interface UploadsOptions {
  readonly tus: Tus;
  /** The folder of the library that finished uploads are moved to. */
  readonly root: string;
  /** The server's folder for state, which holds unfinished uploads. */
  readonly state: string;
  /** Maximum size of a video in bytes; undefined for the default. */
  readonly maxBytes: number | undefined;
  readonly catalog: Catalog;
}

/** An upload whose video is not in the library yet. */
interface UnfinishedUpload {
  readonly id: string;
  /** Bytes of the video. */
  readonly size: number;
  /** Bytes received. */
  readonly received: number;
  readonly metadata: UploadMetadata;
}

/** A video that was uploaded. */
export interface UploadResult {
  readonly videoId: string;
  /** Bytes of the file. */
  readonly size: number;
}

const GiB = 1024 ** 3;
const DEFAULT_MAX_BYTES = 64 * GiB;
const MAX_UNFINISHED = 20;
/** Milliseconds since its last byte after which an unfinished upload is deleted. */
const EXPIRES_AFTER_MS = 24 * 3600 * 1000;
/** Uploads whose results are kept for clients that lost the last response. */
const MAX_RESULTS = 1000;
const UPLOAD_ID = /^[0-9a-f]{32}\.\w+$/;

/**
 * Receives videos by tus (https://tus.io), and moves each into the library once it is complete and known to be a video. The
 * bytes are written below the state folder, so that a part of a video never appears in the library.
 */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #folder: string;
  readonly #server: InstanceType<Tus["Server"]>;
  readonly #indexes: SourceIndexes;
  readonly #results = new LRUCache<string, Promise<UploadResult>>({ max: MAX_RESULTS });
  #lastTask: Promise<unknown> = Promise.resolve();

  constructor(options: UploadsOptions) {
    this.#options = options;
    const { tus, state } = options;
    this.#folder = join(state, "uploads");
    this.#indexes = new SourceIndexes(join(state, "index"));
    this.#server = new tus.Server({
      path: "/",
      datastore: new tus.FileStore({ directory: this.#folder }),
      // Relative to the endpoint, whose URL behind a proxy is not known.
      generateUrl: (_request, { id }) => `upload/${id}`,
      namingFunction: (_request, metadata) =>
        randomBytes(16).toString("hex") + extname(metadata?.filename ?? "").toLowerCase(),
    });
  }

  /** Creates the folder for unfinished uploads, and deletes expired ones. Rejects with the error of the file system. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await this.deleteExpired();
  }

  /**
   * Handles the request that starts an upload. Rejects with RequestError `bad-upload`, `too-many-uploads` or
   * `upload-too-large`.
   */
  create(headers: Headers): Promise<Response> {
    return this.#serially(async () => {
      const { filename, folder = "" } = this.#parseMetadata(headers.get("upload-metadata"));
      const name = sanitizeFileName(filename);
      const reason = this.#options.catalog.invalidIdReason([...parseUploadFolder(folder), "video"].join("/"));
      if (reason !== undefined)
        throw new RequestError("bad-upload", `cannot upload to this folder: ${reason}`);
      await this.#assertRoom(parseLength(headers.get("upload-length")));
      // Without the client's name, which may contain a path.
      headers.set("upload-metadata", this.#options.tus.Metadata.stringify({ filename: name, folder }));
      return this.#send("POST", "", headers);
    });
  }

  /** Handles a request for an upload. The body is only read for `PATCH`. Rejects with RequestError `bad-upload`. */
  async handle(method: string, id: string, headers: Headers, body?: ReadableStream): Promise<Response> {
    if (!UPLOAD_ID.test(id)) throw new RequestError("bad-upload", "no such upload; start it again", {}, 404);
    return this.#send(method, id, headers, body);
  }

  /** Waits until the video of an upload is in the library. Returns undefined if bytes are missing. Rejects as `#accept` does. */
  async result(id: string): Promise<UploadResult | undefined> {
    const known = this.#results.get(id);
    if (known !== undefined) return known;
    const upload = UPLOAD_ID.test(id) ? await this.#read(id) : undefined;
    if (upload === undefined || upload.received < upload.size) return undefined;
    const concurrent = this.#results.get(id);
    if (concurrent !== undefined) return concurrent;
    const accepted = this.#accept(upload);
    this.#results.set(id, accepted);
    accepted.catch((error: unknown) => {
      // Others may be temporary, such as a full disk: the client tries again.
      if (!(error instanceof RequestError)) this.#results.delete(id);
    });
    return accepted;
  }

  /** Maximum size of a new upload in bytes. */
  async #maxBytes(): Promise<number> {
    const unfinished = await this.#unfinished();
    const reserved = unfinished.reduce((sum, { size, received }) => sum + size - received, 0);
    const { bavail, bsize } = await statfs(this.#folder);
    const free = Math.max(0, bavail * bsize - reserved);
    return Math.min(free, this.#options.maxBytes ?? Math.min(DEFAULT_MAX_BYTES, Math.floor(free / 2)));
  }

  /** Deletes uploads that nobody has continued for a day. */
  async deleteExpired(): Promise<void> {
    const changedAt = new Map<string, number>();
    for (const name of await readdir(this.#folder)) {
      const { mtimeMs } = await stat(join(this.#folder, name)).catch(() => ({ mtimeMs: 0 }));
      const id = name.replace(/\.json$/, "");
      changedAt.set(id, Math.max(mtimeMs, changedAt.get(id) ?? 0));
    }
    for (const [id, time] of changedAt) if (Date.now() - time > EXPIRES_AFTER_MS) await this.#delete(id);
  }

  /**
   * Moves a complete upload into the library. Deletes it and rejects with RequestError
   * `not-a-video` if it is none.
   */
  async #accept({ id, size, metadata }: UnfinishedUpload): Promise<UploadResult> {
    const { root, catalog } = this.#options;
    const path = join(this.#folder, id);
    const name = sanitizeFileName(metadata.filename);
    try {
      if (name.endsWith(ASSET_EXTENSION)) await openAsset(fileSource(path), { name });
      else await this.#indexes.of(path, await fileIdentity(path));
    } catch (error) {
      if (!isParseError(error)) throw error;
      await this.#delete(id);
      throw new RequestError("not-a-video", (error as Error).message.replaceAll(path, name));
    }
    const isFreeId = async (videoId: string) =>
      catalog.invalidIdReason(videoId) === undefined &&
      (await catalog.find(videoId).then(
        () => false,
        () => true,
      ));
    const folders = parseUploadFolder(metadata.folder ?? "");
    const destination = { root, folders, name, isFreeId };
    const videoId = await this.#serially(() => placeFile(path, destination)).catch(async (error: unknown) => {
      if (error instanceof RequestError) await this.#delete(id);
      throw error;
    });
    await this.#delete(id);
    return { videoId, size };
  }

  #send(method: string, id: string, headers: Headers, body?: ReadableStream): Promise<Response> {
    const init = { method, headers, body, ...(body !== undefined && { duplex: "half" as const }) };
    const request = new Request(`http://localhost/${id}`, init);
    return this.#server.handleWeb(request as Parameters<InstanceType<Tus["Server"]>["handleWeb"]>[0]);
  }

  /** Rejects with RequestError `too-many-uploads` or `upload-too-large`. */
  async #assertRoom(size: number): Promise<void> {
    const { length } = await this.#unfinished();
    if (length >= MAX_UNFINISHED) {
      throw new RequestError(
        "too-many-uploads",
        `${length} uploads are not finished; finish or cancel one of them, or wait until they expire after a day`,
      );
    }
    const max = await this.#maxBytes();
    if (size <= max) return;
    throw new RequestError(
      "upload-too-large",
      `the video has ${formatBytes(size)}, and this server accepts at most ${formatBytes(max)}`,
    );
  }

  async #unfinished(): Promise<UnfinishedUpload[]> {
    const names = await readdir(this.#folder);
    const ids = names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
    const uploads = await Promise.all(ids.map((id) => this.#read(id)));
    return uploads.filter((upload) => upload !== undefined);
  }

  /** Returns undefined if there is no such upload. */
  async #read(id: string): Promise<UnfinishedUpload | undefined> {
    const path = join(this.#folder, id);
    try {
      const { size, metadata } = JSON.parse(await readFile(`${path}.json`, "utf8"));
      return { id, size, metadata, received: (await stat(path)).size };
    } catch {
      return undefined;
    }
  }

  async #delete(id: string): Promise<void> {
    const path = join(this.#folder, id);
    await Promise.all([rm(path, { force: true }), rm(`${path}.json`, { force: true })]);
  }

  /** @throws RequestError `bad-upload` */
  #parseMetadata(header: string | null): UploadMetadata {
    try {
      const { filename, folder } = this.#options.tus.Metadata.parse(header ?? "");
      if (filename) return { filename, folder: folder ?? "" };
    } catch {}
    throw new RequestError("bad-upload", "Upload-Metadata must contain filename, and may contain folder");
  }

  /** Runs a task after those before it, so that two uploads do not get the same name or the same space. */
  #serially<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#lastTask.then(task);
    this.#lastTask = result.catch(() => {});
    return result;
  }
}

/** @throws RequestError `bad-upload` */
function parseLength(header: string | null): number {
  const length = /^\d{1,15}$/.test(header ?? "") ? Number(header) : Number.NaN;
  if (length > 0) return length;
  const reason = length === 0 ? "the file is empty" : "Upload-Length must be the size of the file in bytes";
  throw new RequestError("bad-upload", reason);
}
