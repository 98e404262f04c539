import { rmSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { EncoderError } from "../errors.js";

/** Name of the file in the folder that says whose it is. */
export const LOCK_FILE_NAME = "claim";

/** Folders that this process has claimed. */
const ours = new Set<string>();

/**
 * Claims a work folder for one encode: two that wrote their groups into one folder would mix them. The claim of a
 * process of this machine that is gone holds no more. Rejects with EncoderError `in-use`, or as the file system does.
 * @returns what gives the folder back
 */
export async function lockWorkFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, LOCK_FILE_NAME);
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  for (let tries = 0; ; tries++) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(mine).finally(() => handle.close());
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = await readFile(file, "utf8").catch(() => "");
      if (tries > 2 || ours.has(folder) || isAlive(holder)) throw inUse(folder, holder);
      await rm(file, { force: true });
    }
  }
  ours.add(folder);
  const release = () => {
    ours.delete(folder);
    rmSync(file, { force: true });
  };
  // A second Ctrl-C ends the process without further ado.
  process.once("exit", release);
  return async () => {
    process.removeListener("exit", release);
    release();
  };
}

/** Whether the process that a claim names runs on this machine; of another machine nothing can be known. */
function isAlive(claim: string): boolean {
  const [, pid] = /^\{"pid":(\d+),"host":(".*")\}$/.exec(claim) ?? [];
  if (pid === undefined || claim !== JSON.stringify({ pid: Number(pid), host: hostname() })) return false;
  if (Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inUse(folder: string, claim: string): EncoderError {
  const pid = /"pid":(\d+)/.exec(claim)?.[1];
  const who = pid === undefined ? "another encode" : `another encode (process ${pid})`;
  return new EncoderError(
    "in-use",
    `${who} is at work in ${folder}; wait for its end, or give another name to --output`,
  );
}
