import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { command, machine, rounded } from "./machine.js";

// Real clips of different size and motion through the built command: time, quality and bits, and what x264
// needs for the same PSNR. Clips by SIEDD_CLIPS="name[.ext][:WxH[:seconds]] ...", from the folder SIEDD_MEDIA, presets
// by SIEDD_PRESETS="fast balanced", further options of encode by SIEDD_OPTIONS="--target-psnr 34".

const run = promisify(execFile);
const media = process.env.SIEDD_MEDIA ?? resolve(import.meta.dirname, "../../../shared/media");
const wanted = (process.env.SIEDD_CLIPS ?? "carphone: bunny:640x360").split(" ");
const options = (process.env.SIEDD_OPTIONS ?? "").split(" ").filter((word) => word !== "");
const presets = (process.env.SIEDD_PRESETS ?? "balanced").split(" ");

const siedd = async (...args: string[]) => {
  const { stdout } = await run(process.execPath, [command, ...args, "--json"], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
};

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const rows: object[] = [];
  for (const entry of wanted) {
    const [name, size, seconds] = entry.split(":");
    const clip = join(media, extname(name) === "" ? `${name}.mp4` : name);
    for (const preset of presets) {
      const asset = join(folder, `${name}-${preset}.siedd`);
      const { load } = machine();
      const part = [...(size ? ["--size", size] : []), ...(seconds ? ["--to", seconds] : [])];
      const encoded = await siedd("encode", clip, "-o", asset, "--preset", preset, ...part, ...options);
      const judged = await siedd("eval", asset, clip, "--x264");
      const bytes = judged.bytes - judged.audioBytes;
      rows.push({
        clip: name,
        size: `${judged.width}x${judged.height}`,
        preset,
        ...(options.length > 0 && { options: options.join(" ") }),
        frames: judged.frames,
        encodeSeconds: rounded(encoded.seconds, 1),
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
