import { statSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { SieddError } from "../../codec/errors.js";
import type { ByteSource } from "../../codec/source.js";

/** What tells one content of a path from the next: replacing a file changes it. */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

export interface FileSource extends ByteSource {
  readonly path: string;
  readonly identity: FileIdentity;
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
    identity = pick(statSync(path));
  } catch (cause) {
    throw readFailed(name, cause);
  }
  const read = async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    if (offset < 0 || length < 0 || offset + length > identity.size) {
      throw new SieddError(
        "truncated-asset",
        `${name} ends at byte ${identity.size}, but bytes ${offset} to ${offset + length} were needed; copy or encode it again`,
      );
    }
    let handle: Awaited<ReturnType<typeof open>> | undefined;
    try {
      handle = await open(path, "r");
      if (!sameFile(pick(await handle.stat()), identity)) {
        throw new SieddError("read-failed", `${name} was replaced while it was being read; ask again`);
      }
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
  return { path, identity, size: identity.size, read };
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
