import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { command, machine, rounded } from "./machine.js";

// Encodes real clips with the built command and measures time, quality and size, and the bytes that x264 needs for the
// same PSNR. SIEDD_CLIPS="name[.ext][:WxH[:seconds]] ..." selects clips from the folder SIEDD_MEDIA,
// SIEDD_PRESETS="fast balanced" selects the presets, SIEDD_OPTIONS="--target-psnr 34" adds options of siedd encode.

const run = promisify(execFile);
const media = process.env.SIEDD_MEDIA ?? resolve(import.meta.dirname, "../../../shared/media");
const clips = (process.env.SIEDD_CLIPS ?? "carphone: bunny:640x360").split(" ");
const options = (process.env.SIEDD_OPTIONS ?? "").split(" ").filter((option) => option !== "");
const presets = (process.env.SIEDD_PRESETS ?? "balanced").split(" ");

const siedd = async (...args: string[]) => {
  const { stdout } = await run(process.execPath, [command, ...args, "--json"], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
};

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const rows: object[] = [];
  for (const entry of clips) {
    const [name, size, seconds] = entry.split(":");
    const clip = join(media, extname(name) === "" ? `${name}.mp4` : name);
    for (const preset of presets) {
      const asset = join(folder, `${name}-${preset}.siedd`);
      const { load } = machine();
      const rangeOptions = [...(size ? ["--size", size] : []), ...(seconds ? ["--to", seconds] : [])];
      const encoded = await siedd(
        "encode",
        clip,
        "-o",
        asset,
        "--preset",
        preset,
        ...rangeOptions,
        ...options,
      );
      const evaluation = await siedd("eval", asset, clip, "--x264");
      const bytes = evaluation.bytes - evaluation.audioBytes;
      rows.push({
        clip: name,
        size: `${evaluation.width}x${evaluation.height}`,
        preset,
        ...(options.length > 0 && { options: options.join(" ") }),
        frames: evaluation.frames,
        encodeSeconds: rounded(encoded.seconds, 1),
        psnr: rounded(evaluation.psnr),
        ssim: rounded(evaluation.ssim, 4),
        bpp: rounded(evaluation.bpp, 4),
        bytes,
        x264Bytes: evaluation.x264.bytesAtEqualPsnr,
        ratioToX264: rounded(bytes / evaluation.x264.bytesAtEqualPsnr),
        load,
      });
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: "clips", machine: machine(), rows })}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
