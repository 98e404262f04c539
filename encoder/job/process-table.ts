import { readdir, readFile } from "node:fs/promises";

/** A running process, as Linux describes it. */
export interface ProcessEntry {
  readonly pid: number;
  /** Process id of its parent. If that has ended, it is the process that has taken its place, such as 1. */
  readonly parent: number;
  /** When it was started, in clock ticks since the system was. Tells it from an earlier process with the same id. */
  readonly startTime: number;
}

/** Position of the start time among the fields of /proc/<pid>/stat that follow the name (proc_pid_stat(5)). */
const START_TIME_FIELD = 19;

/** Returns a running process; undefined if there is none, or if the system has no /proc. */
export async function readProcess(pid: number): Promise<ProcessEntry | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name is in parentheses, and may contain some itself.
  const [state, parent, ...fields] = text.slice(text.lastIndexOf(") ") + 2).split(" ");
  if (parent === undefined || state === "Z") return undefined;
  return { pid, parent: Number(parent), startTime: Number(fields[START_TIME_FIELD - 2]) };
}

/** Returns the ids of all processes that a process has started, directly or not. Empty if the system has no /proc. */
export async function readDescendants(pid: number): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const entries = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => readProcess(Number(name))),
  );
  const childrenOf = (parent: number): number[] =>
    entries.flatMap((entry) => (entry?.parent === parent ? [entry.pid, ...childrenOf(entry.pid)] : []));
  return childrenOf(pid);
}
