import type { Readable } from "node:stream";
import type { Asset } from "../../codec/asset/asset.js";
import type { DecodableSource } from "../../decode-pool/index.js";
import type { ProbeResult } from "../../media/probe/probe.js";
import type { PlannedAudio } from "../../media/read/audio-plan.js";

/** The bytes of one version of an asset, local or remote. */
export interface AssetSource extends DecodableSource {
  /** Derived from the bytes alone, so that all servers agree; part of the version in the video's URLs. */
  readonly identity: string;
  /** Milliseconds since 1970; undefined if unknown. */
  readonly lastModified: number | undefined;
  /**
   * Streams the bytes from `first` to `last`, inclusive. Rejects like `read`; a stream that fails midway is destroyed.
   */
  stream(first: number, last: number): Promise<Readable>;
}

export interface OpenedSource {
  readonly source: AssetSource;
  readonly asset: Asset;
}

/** A source: a video file that ffmpeg reads. */
export interface SourceFile {
  readonly path: string;
  /** Changes with the content. */
  readonly identity: string;
  /** File size in bytes. */
  readonly bytes: number;
  readonly info: ProbeResult;
  readonly frameCount: number;
  /** The audio tracks that its asset will have. */
  readonly audio: readonly PlannedAudio[];
  /** Whether the source has cover art that can be decoded. */
  readonly hasCover: boolean;
}

/** A video of a library, in its current version. */
export interface LibraryEntry {
  /** As `normalizeId` returns it. */
  readonly id: string;
  /** File name, or the last segment of a URL; for display. */
  readonly file: string;
  readonly backend: "asset" | "source";
  /** Changes whenever the content may have changed. */
  readonly revision: string;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** When the file was last changed, in milliseconds since 1970; undefined if unknown. */
  readonly changedAt: number | undefined;
  /** Path of the source, which an asset may have too. */
  readonly source?: string;
  /** Path of the asset, or of the one to encode the source to. */
  readonly output?: string;
  /** Opens the video. Rejects with MediaError for a source that cannot be read, with SieddError, or RequestError `asset-incomplete`, `origin-failed` or `origin-timeout`. */
  open(): Promise<OpenedSource | SourceFile>;
}

/** A video of a listing. */
export interface LocatedVideo {
  readonly id: string;
  /** Like `Library.find` for this id. */
  readonly find: () => Promise<LibraryEntry | undefined>;
}

/** Why a file cannot be served. */
export interface Problem {
  readonly file: string;
  readonly message: string;
}

/** A collection of assets: a folder, or another server. */
export interface Library {
  /** Lists all ids, unsorted. Rejects with OriginError if another server is needed and fails. */
  ids(): Promise<readonly string[]>;
  /**
   * Lists all videos, unsorted, if the library can do so faster than by `ids` and `find`. Each is looked up on its own, so
   * that one that cannot be read does not hide the others. Rejects like `ids`.
   *
   * @param onProblem called for each subfolder that cannot be listed, and each file that has the name of another one
   */
  locate?(onProblem: (problem: Problem) => void): Promise<readonly LocatedVideo[]>;
  /** Looks up an asset by its normalized id, in its current version. Resolves to undefined if there is none. Rejects like `ids`. */
  find(id: string): Promise<LibraryEntry | undefined>;
  /** Whether the library has been scanned once; until then the server is not ready. */
  readonly scanned: boolean;
  /** Reports the ids of added, replaced and removed assets until the library is closed. */
  watch?(onChange: (id: string) => void, onError: (error: unknown) => void): Promise<void>;
  close(): Promise<void>;
}

/** Returns an id in the form that all ids have: composed Unicode (NFC), so that a name has one id on all file systems. */
export const normalizeId = (id: string): string => id.normalize("NFC");

/** File extension of assets. */
export const ASSET_EXTENSION = ".siedd";
