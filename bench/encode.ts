import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { benchClip, command, machine, rounded } from "./machine.js";
import { measureCommand } from "./measure-command.js";

// Encodes an entire clip at 640x360 with the built command and its default preset, and evaluates it with `siedd eval`.

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const before = machine();
  const clip = await benchClip(folder);
  const asset = join(folder, "video.siedd");
  const encoded = await measureCommand(["encode", clip.path, "-o", asset, "--size", "640x360"]);
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
