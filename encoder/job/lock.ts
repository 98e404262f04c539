import { rmSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EncoderError } from "../errors.js";
import { readProcess } from "./process-table.js";

/** Name of the lock file in a work folder. It describes its owner as JSON. */
export const LOCK_FILE_NAME = "lock";

/** The owner of a lock. */
interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** `startTime` of the process; undefined if the system does not tell. */
  readonly startTime?: number;
  /** Process id of the parent that it must not outlive, if there is one. */
  readonly parent?: number;
}

const MAX_ATTEMPTS = 4;
/** Errors of file systems without hard links. */
const NO_LINKS = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);
/** Milliseconds in which a killed process ends. */
const KILL_TIMEOUT_MS = 2000;

/** Lock files of this process. */
const lockFiles = new Set<string>();

let boundParent: number | undefined;

/**
 * Declares that this process must not outlive its parent. If it does, because the system has no way to prevent that, the
 * next encode that needs one of its locks ends it.
 */
export function bindToParent(): void {
  boundParent = process.ppid;
}

/** Returns the path of the lock file of an asset, which is hidden beside it: encodes of it may have other work folders. */
export const assetLockFile = (asset: string): string => join(dirname(asset), `.${basename(asset)}.lock`);

/**
 * Locks a work folder for one encode, so that no other encode writes its groups there. See `lock`.
 */
export const lockWorkFolder = (folder: string): Promise<() => Promise<void>> =>
  lock(join(folder, LOCK_FILE_NAME), folder);

/** Locks an asset for one encode. See `lock`. */
export const lockAsset = (asset: string): Promise<() => Promise<void>> => lock(assetLockFile(asset), asset);

/**
 * Creates a lock file. Replaces that of a process that no longer runs on this machine.
 * @param locked path for messages
 * @returns a function that removes it
 * @throws EncoderError `in-use`, or an error of the file system
 */
async function lock(file: string, locked: string): Promise<() => Promise<void>> {
  await createLockFile(file, locked);
  lockFiles.add(file);
  const unlock = () => {
    lockFiles.delete(file);
    rmSync(file, { force: true });
  };
  // A second Ctrl-C exits the process without waiting for the encode.
  process.once("exit", unlock);
  return async () => {
    process.removeListener("exit", unlock);
    unlock();
  };
}

/** Returns whether another process encodes to an asset. Ends a process that has outlived its parent. */
export async function isLocked(asset: string): Promise<boolean> {
  return isOwnerAlive(parseOwner(await readFile(assetLockFile(asset), "utf8").catch(() => "")));
}

async function createLockFile(file: string, locked: string): Promise<void> {
  const { startTime } = (await readProcess(process.pid)) ?? {};
  const own: LockOwner = { pid: process.pid, host: hostname(), startTime, parent: boundParent };
  for (let attempt = 1; ; attempt++) {
    try {
      await writeLockFile(file, JSON.stringify(own));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const lock = await readFile(file, "utf8").catch(() => "");
      const owner = parseOwner(lock);
      if (attempt >= MAX_ATTEMPTS || lockFiles.has(file) || (await isOwnerAlive(owner)))
        throw inUse(locked, owner);
      await removeLock(file, lock);
    }
  }
}

/** Creates a lock file together with its content. Rejects with the error EEXIST if there is one. */
async function writeLockFile(file: string, lock: string): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, lock);
    await link(part, file);
  } catch (error) {
    // Some file systems have no hard links. Another process may then read the file before it has its content.
    if (!NO_LINKS.has(`${(error as NodeJS.ErrnoException).code}`)) throw error;
    await writeFile(file, lock, { flag: "wx" });
  } finally {
    await rm(part, { force: true });
  }
}

/** Removes a lock file unless another process has replaced it since it was read. */
async function removeLock(file: string, lock: string): Promise<void> {
  const removed = `${file}.${process.pid}.removed`;
  await rename(file, removed).catch(() => {});
  const content = await readFile(removed, "utf8").catch(() => lock);
  if (content !== lock) await link(removed, file).catch(() => {});
  await rm(removed, { force: true });
}

function parseOwner(lock: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(lock) as LockOwner;
    return Number.isInteger(owner.pid) && owner.pid > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether the owner of a lock still runs. Always false for other machines, whose processes cannot be checked. */
async function isOwnerAlive(owner: LockOwner | undefined): Promise<boolean> {
  if (owner === undefined || owner.host !== hostname() || owner.pid === process.pid) return false;
  const running = await readProcess(owner.pid);
  const isSame = running?.startTime === (owner.startTime ?? running?.startTime);
  if (!isSame || !exists(owner.pid)) return false;
  if (owner.parent === undefined || running === undefined || running.parent === owner.parent) return true;
  return !(await endProcess(owner.pid));
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Kills a process whose parent has ended. Returns whether it has ended. */
async function endProcess(pid: number): Promise<boolean> {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return !exists(pid);
  }
  for (const end = Date.now() + KILL_TIMEOUT_MS; Date.now() < end; await sleep(10)) {
    if ((await readProcess(pid)) === undefined) return true;
  }
  return false;
}

function inUse(locked: string, owner: LockOwner | undefined): EncoderError {
  const name = owner === undefined ? "another encode" : `another encode (process ${owner.pid})`;
  return new EncoderError(
    "in-use",
    `${name} is using ${locked}; wait until it ends, or choose another \`output\``,
  );
}
