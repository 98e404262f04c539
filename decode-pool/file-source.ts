import { statSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import type { ByteSource } from "../codec/bytes/byte-source.js";
import { SieddError } from "../codec/errors.js";
import type { TaskSource } from "./messages.js";

/** What tells one content of a path from the next: replacing a file changes it. */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

export interface FileSource extends ByteSource {
  readonly path: string;
  readonly identity: FileIdentity;
  share(): TaskSource;
  /** Bytes `first` to `last`, both included. Once it is there, a file that takes the place of this one is no matter. */
  stream(first: number, last: number): Promise<Readable>;
}

export const sameFile = (a: FileIdentity, b: FileIdentity): boolean =>
  a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino;

export const fileIdentity = async (path: string): Promise<FileIdentity> => pick(await stat(path));

const pick = ({ size, mtimeMs, ino }: FileIdentity): FileIdentity => ({ size, mtimeMs, ino });

/**
 * An asset's file as a ByteSource. It holds no descriptor between reads, so that it needs no closing; bytes
 * of a file that was replaced since are never mixed with its own. Throws SieddError `read-failed`.
 */
export function fileSource(path: string): FileSource {
  const name = basename(path);
  let identity: FileIdentity;
  try {
    const found = statSync(path);
    if (!found.isFile() && !found.isDirectory()) throw new Error("it is no ordinary file");
    identity = pick(found);
  } catch (cause) {
    throw readFailed(name, cause);
  }

  /** The file with the content that was opened. */
  const openSame = async (): Promise<FileHandle> => {
    const handle = await open(path, "r").catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
      throw new SieddError("asset-replaced", `${name} was removed while it was being read`, { cause });
    });
    if (sameFile(pick(await handle.stat()), identity)) return handle;
    await handle.close();
    throw new SieddError("asset-replaced", `${name} was replaced while it was being read; ask again`);
  };

  const read = async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    if (offset < 0 || length < 0 || offset + length > identity.size) {
      throw new SieddError(
        "truncated-asset",
        `${name} ends at byte ${identity.size}, but bytes ${offset} to ${offset + length} were needed; copy or encode it again`,
      );
    }
    let handle: FileHandle | undefined;
    try {
      handle = await openSame();
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0)
          throw new SieddError("truncated-asset", `${name} was cut off while it was being read`);
        done += bytesRead;
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
    share: () => ({ kind: "file", path, identity }),
    stream,
  };
}

function readFailed(name: string, cause: unknown): SieddError {
  const errno = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why: Record<string, string> = {
    ENOENT: "there is no such file; check its path",
    EACCES: "permission denied; allow this user to read it",
    EISDIR: "it is a folder; give the name of a file",
  };
  const reason = why[String(errno)] ?? (cause instanceof Error ? cause.message : String(cause));
  return new SieddError("read-failed", `cannot read ${name}: ${reason}`, { cause });
}
