import { rmSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { EncoderError } from "../errors.js";

/** Name of the lock file in a work folder. It holds the process id and host name of its owner. */
export const LOCK_FILE_NAME = "lock";

const MAX_ATTEMPTS = 4;

/** Folders that this process has locked. */
const lockedFolders = new Set<string>();

/**
 * Locks a work folder for one encode, so that no other encode writes its groups there. Replaces the lock of a process that
 * no longer runs on this machine.
 * @returns a function that unlocks the folder
 * @throws EncoderError `in-use`, or an error of the file system
 */
export async function lockWorkFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, LOCK_FILE_NAME);
  await createLockFile(folder, file);
  lockedFolders.add(folder);
  const unlock = () => {
    lockedFolders.delete(folder);
    rmSync(file, { force: true });
  };
  // A second Ctrl-C exits the process without waiting for the encode.
  process.once("exit", unlock);
  return async () => {
    process.removeListener("exit", unlock);
    unlock();
  };
}

async function createLockFile(folder: string, file: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = await open(file, "wx");
      await handle
        .writeFile(JSON.stringify({ pid: process.pid, host: hostname() }))
        .finally(() => handle.close());
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const lock = await readFile(file, "utf8").catch(() => "");
      if (attempt >= MAX_ATTEMPTS || lockedFolders.has(folder) || isOwnerAlive(lock))
        throw inUse(folder, lock);
      await rm(file, { force: true });
    }
  }
}

/** Returns whether the owner of a lock still runs. Always false for other machines, whose processes cannot be checked. */
function isOwnerAlive(lock: string): boolean {
  const [, pid] = /^\{"pid":(\d+),"host":(".*")\}$/.exec(lock) ?? [];
  if (pid === undefined || lock !== JSON.stringify({ pid: Number(pid), host: hostname() })) return false;
  if (Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inUse(folder: string, lock: string): EncoderError {
  const pid = /"pid":(\d+)/.exec(lock)?.[1];
  const owner = pid === undefined ? "another encode" : `another encode (process ${pid})`;
  return new EncoderError(
    "in-use",
    `${owner} is using ${folder}; wait until it ends, or choose another \`output\``,
  );
}
