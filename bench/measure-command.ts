import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { command, rounded } from "./machine.js";

/** Clock ticks per second in /proc. */
const TICKS_PER_SECOND = 100;

/** Resources that a run of the command used. */
export interface CommandUsage {
  readonly wallSeconds: number;
  /** CPU time of all threads. */
  readonly cpuSeconds: number;
  /** Maximum resident set size, MiB. */
  readonly peakMegabytes: number;
}

/** Runs the built command, and measures its memory and CPU time without its ffmpeg children. */
export async function measureCommand(args: readonly string[]): Promise<CommandUsage> {
  const started = performance.now();
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  let kilobytes = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? kilobytes);
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ");
      ticks = Number(fields[11]) + Number(fields[12]);
    } catch {
      // The process has exited.
    }
  }, 200);
  const [code] = await once(child, "exit");
  clearInterval(timer);
  if (code !== 0) throw new Error(`siedd ${args[0]} exited with ${code}`);
  return {
    wallSeconds: rounded((performance.now() - started) / 1000, 1),
    cpuSeconds: rounded(ticks / TICKS_PER_SECOND, 1),
    peakMegabytes: rounded(kilobytes / 1024, 0),
  };
}
