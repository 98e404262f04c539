import type { Readable } from "node:stream";
import type { Asset } from "../../codec/asset/asset.js";
import type { DecodableSource } from "../../decode-pool/index.js";

/** The bytes of one content of one asset, wherever they lie. */
export interface AssetSource extends DecodableSource {
  /** Changes with the content; part of the `v` of the video's URLs. */
  readonly fingerprint: string;
  /** Milliseconds since 1970; undefined where nobody knows. */
  readonly modified: number | undefined;
  /** Bytes `first` to `last`, both included. Rejects as `read` does; a stream that fails midway is destroyed. */
  stream(first: number, last: number): Promise<Readable>;
}

export interface OpenedSource {
  readonly source: AssetSource;
  readonly asset: Asset;
}

/** An asset of a library as it is at this moment. */
export interface LibraryEntry {
  readonly id: string;
  /** What people call it: a file's name, or the last part of a URL. */
  readonly file: string;
  /** Equal tags mean equal contents. */
  readonly tag: string;
  /** Rejects with SieddError, or RequestError `asset-incomplete`, `origin-failed` or `origin-timeout`. */
  open(): Promise<OpenedSource>;
}

/** A file that cannot be served, and why. */
export interface Problem {
  readonly file: string;
  readonly message: string;
}

/** Where assets are found: a folder, or another server. */
export interface Library {
  /** Every id, in any order. Rejects with OriginError where another server must be asked and does not answer. */
  ids(): Promise<readonly string[]>;
  /** What there is by this id now, or undefined. Rejects like `ids`. */
  find(id: string): Promise<LibraryEntry | undefined>;
  /** Whether it has been looked through once; until then the server is not ready. */
  readonly known: boolean;
  /** Calls back with the id of what was added, replaced or removed, until closed. */
  watch?(changed: (id: string) => void, problem: (error: unknown) => void): Promise<void>;
  close(): Promise<void>;
}

/** The ending of an asset's file name. */
export const EXTENSION = ".siedd";
