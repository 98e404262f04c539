import { readdirSync, readFileSync } from "node:fs";

/** A running process. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** As in /proc: `T` is stopped, `Z` is a zombie. */
  readonly state: string;
  readonly command: string;
}

function readProcesses(): RunningProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
        const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
        const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(entry), parent: Number(parent), state, command }];
      } catch {
        return [];
      }
    });
}

/** Returns the process that encodes for `server`, and its ffmpeg processes. Empty if it encodes nothing. */
export function trainingProcesses(server: number = process.pid): RunningProcess[] {
  const all = readProcesses().filter(({ state }) => state !== "Z");
  const children = all.filter(
    ({ parent, command }) => parent === server && command.includes("training-child.js"),
  );
  return children.flatMap((child) => [child, ...all.filter(({ parent }) => parent === child.pid)]);
}

/** Returns whether a process runs or is stopped. */
export const isRunning = (pid: number): boolean =>
  readProcesses().some((process) => process.pid === pid && process.state !== "Z");
