import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { benchClip, command, machine, rounded } from "./machine.js";

// What a user waits for: a whole clip at 640x360 with the default preset, by the built command, and what
// comes out of it by `siedd eval`.

const run = promisify(execFile);
/** Kernel ticks a second in /proc. */
const TICKS = 100;

/** Runs the built command to its end, watching its memory and processor time (its ffmpeg children left out). */
async function measured(args: readonly string[]) {
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

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const before = machine();
  const clip = await benchClip(folder);
  const asset = join(folder, "film.siedd");
  const encoded = await measured(["encode", clip.path, "-o", asset, "--size", "640x360"]);
  const { stdout } = await run(process.execPath, [command, "eval", asset, clip.path, "--json"], {
    maxBuffer: 2 ** 28,
  });
  const { psnr, ssim, bpp, bytes, audioBytes, frames, decodeFps } = JSON.parse(stdout);
  const result = {
    bench: "encode",
    machine: before,
    clip: clip.name,
    frames,
    ...encoded,
    psnr: rounded(psnr),
    ssim: rounded(ssim, 4),
    bpp: rounded(bpp, 4),
    bytes,
    audioBytes,
    decodeFps: rounded(decodeFps, 1),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
