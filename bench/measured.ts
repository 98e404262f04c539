import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { command, rounded } from "./machine.js";

/** Kernel ticks a second in /proc. */
const TICKS = 100;

/** What a run of the command took. */
export interface Measured {
  readonly wallSeconds: number;
  /** Of all its threads. */
  readonly cpuSeconds: number;
  /** Largest resident set, MiB. */
  readonly peakMegabytes: number;
}

/** Runs the built command to its end, watching its memory and processor time (its ffmpeg children left out). */
export async function measured(args: readonly string[]): Promise<Measured> {
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
      // It ended between two looks.
    }
  }, 200);
  const [code] = await once(child, "exit");
  clearInterval(timer);
  if (code !== 0) throw new Error(`siedd ${args[0]} ended with ${code}`);
  return {
    wallSeconds: rounded((performance.now() - started) / 1000, 1),
    cpuSeconds: rounded(ticks / TICKS, 1),
    peakMegabytes: rounded(kilobytes / 1024, 0),
  };
}
