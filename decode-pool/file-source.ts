import { statSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import type { ByteSource } from "../codec/bytes/byte-source.js";
import { SieddError } from "../codec/errors.js";
import type { TaskSource } from "./messages.js";

/** Identifies the content of a file. Replacing the file changes it. */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** A file as a ByteSource. Reads and streams never mix bytes of the opened file with those of a replacement. */
export interface FileSource extends ByteSource {
  readonly path: string;
  /** Identity of the file when it was opened. */
  readonly identity: FileIdentity;
  /** Returns what a decode worker needs to open the file. */
  taskSource(): TaskSource;
  /**
   * Streams bytes `first` to `last`, inclusive. Replacing the file does not affect an open stream.
   * @throws SieddError `read-failed`, `asset-replaced`.
   */
  stream(first: number, last: number): Promise<Readable>;
}

/** Returns whether two identities are equal, so that the content is the same. */
export const sameFile = (a: FileIdentity, b: FileIdentity): boolean =>
  a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino;

/** Returns the current identity of the file at `path`. @throws the error of `fs.stat`. */
export const fileIdentity = async (path: string): Promise<FileIdentity> => pick(await stat(path));

const pick = ({ size, mtimeMs, ino }: FileIdentity): FileIdentity => ({ size, mtimeMs, ino });

/**
 * Opens a file as a ByteSource. It holds no file descriptor between reads, so it need not be closed. Reads
 * reject with SieddError `asset-replaced` if the file was replaced after it was opened.
 * @throws SieddError `read-failed`.
 */
export function fileSource(path: string): FileSource {
  const name = basename(path);
  let identity: FileIdentity;
  try {
    const stats = statSync(path);
    if (!stats.isFile() && !stats.isDirectory()) throw new Error("not a regular file");
    identity = pick(stats);
  } catch (cause) {
    throw readFailed(name, cause);
  }

  /** Opens the file again, if it still has the same identity. */
  const openSame = async (): Promise<FileHandle> => {
    const handle = await open(path, "r").catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
      throw new SieddError("asset-replaced", `${name} was removed after it was opened`, { cause });
    });
    if (sameFile(pick(await handle.stat()), identity)) return handle;
    await handle.close();
    throw new SieddError("asset-replaced", `${name} was replaced after it was opened; open it again`);
  };

  const read = async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    if (offset < 0 || length < 0 || offset + length > identity.size) {
      throw new SieddError(
        "truncated-asset",
        `${name} is truncated: cannot read ${length} bytes at byte ${offset}, because it has ${identity.size} bytes; copy or encode it again`,
      );
    }
    let handle: FileHandle | undefined;
    try {
      handle = await openSame();
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0)
          throw new SieddError("truncated-asset", `${name} was truncated while it was being read`);
        filled += bytesRead;
      }
      return bytes;
    } catch (cause) {
      throw cause instanceof SieddError ? cause : readFailed(name, cause);
    } finally {
      await handle?.close();
    }
  };

  const stream = async (first: number, last: number): Promise<Readable> => {
    try {
      return (await openSame()).createReadStream({ start: first, end: last, highWaterMark: 256 * 1024 });
    } catch (cause) {
      throw cause instanceof SieddError ? cause : readFailed(name, cause);
    }
  };

  return {
    path,
    identity,
    size: identity.size,
    read,
    taskSource: () => ({ kind: "file", path, identity }),
    stream,
  };
}

/** Returns the error for a file or folder that cannot be read. */
export function readFailed(name: string, cause: unknown): SieddError {
  const errno = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: "no such file; check the path",
    EACCES: "permission denied; allow this user to read it",
    EISDIR: "it is a folder; pass a file",
  };
  const reason = reasons[String(errno)] ?? (cause instanceof Error ? cause.message : String(cause));
  return new SieddError("read-failed", `cannot read ${name}: ${reason}`, { cause });
}
