import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { command, machine, rounded } from "./machine.js";

// Real clips of different size and motion through the built command: time, quality and bits, and what x264
// needs for the same PSNR. Clips and presets by SIEDD_CLIPS="name:WxH ..." and SIEDD_PRESETS="fast balanced".

const run = promisify(execFile);
const media = process.env.SIEDD_MEDIA ?? resolve(import.meta.dirname, "../../../shared/media");
const wanted = (process.env.SIEDD_CLIPS ?? "carphone: bunny:640x360").split(" ");
const presets = (process.env.SIEDD_PRESETS ?? "balanced").split(" ");

const siedd = async (...args: string[]) => {
  const { stdout } = await run(process.execPath, [command, ...args, "--json"], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
};

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const rows: object[] = [];
  for (const entry of wanted) {
    const [name, size] = entry.split(":");
    const clip = join(media, `${name}.mp4`);
    for (const preset of presets) {
      const asset = join(folder, `${name}-${preset}.siedd`);
      const { load } = machine();
      const sized = size ? ["--size", size] : [];
      const { seconds } = await siedd("encode", clip, "-o", asset, "--preset", preset, ...sized);
      const judged = await siedd("eval", asset, clip, "--x264");
      const bytes = judged.bytes - judged.audioBytes;
      rows.push({
        clip: name,
        size: `${judged.width}x${judged.height}`,
        preset,
        frames: judged.frames,
        encodeSeconds: rounded(seconds, 1),
        psnr: rounded(judged.psnr),
        ssim: rounded(judged.ssim, 4),
        bpp: rounded(judged.bpp, 4),
        bytes,
        x264Bytes: judged.x264.bytesAtEqualPsnr,
        timesX264: rounded(bytes / judged.x264.bytesAtEqualPsnr),
        load,
      });
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: "clips", machine: machine(), rows })}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
