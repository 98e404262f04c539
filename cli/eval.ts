import { Command } from "commander";
import { type Asset, fullRegion } from "../codec/index.js";
import { compareFrames } from "../encoder/index.js";
import { analyseVideo, probeVideo, readFrames, type VideoInfo } from "../media/index.js";
import { DecodePool, decodeFrames, type FrameFormat } from "../server/decoding/index.js";
import { openAssetFile } from "./asset-file.js";
import { CommandError } from "./failure.js";
import { type Io, print } from "./io.js";
import { jsonLine, noProgress, showProgress } from "./progress.js";
import { byteCount, parseSize, type Size } from "./values.js";

/** Frames that are enough to tell how fast decoding is. */
const TIMED_FRAMES = 250;

export function evalCommand(io: Io): Command {
  return new Command("eval")
    .description("how close an asset comes to its video: PSNR, SSIM, bits a pixel, speed")
    .argument("<asset>", "a .siedd file")
    .argument("<reference>", "the video it was made from")
    .option("--size <WxH>", "compare at this size; default: the asset's", parseSize)
    .option("--json", "progress as JSON lines on stderr, the result as JSON on stdout")
    .action(evaluate);

  async function evaluate(path: string, reference: string, { size, json }: { size?: Size; json?: boolean }) {
    const { signal } = io;
    const { asset, source } = await openAssetFile(path, signal);
    const info = await probeVideo(reference, signal);
    const frames = await comparableFrames(asset, reference, info, io);
    const { width, height } = size ?? asset;
    const progress = json ? noProgress : showProgress(io);
    const pool = new DecodePool();
    const decode = (format: FrameFormat, target: Size, count: number) =>
      decodeFrames(pool, path, {
        from: 0,
        count,
        request: { region: fullRegion(asset), ...target },
        format,
        signal,
        opened: { asset, identity: source.identity },
      });
    const began = performance.now();
    const report = (done: number) => {
      const remainingSeconds = ((performance.now() - began) / 1000 / done) * (frames - done);
      progress.update("comparing", done / frames, remainingSeconds, `${done} of ${frames} frames`);
      if (json) jsonLine(io, { type: "progress", phase: "compare", done: done / frames, remainingSeconds });
    };
    try {
      const original = readFrames(reference, info, {
        width,
        height,
        firstFrame: 0,
        frameCount: frames,
        signal,
      });
      const target = { width, height };
      const compared = await compareFrames(decode("rgba", target, frames), original, target, report);
      const even = { width: width + (width % 2), height: height + (height % 2) };
      const decodeFps = await framesPerSecond(decode("i420-709", even, Math.min(frames, TIMED_FRAMES)));
      progress.stop();
      const { bytes, audioBytes } = asset;
      const bpp = ((bytes - audioBytes) * 8) / (asset.width * asset.height * asset.frameCount);
      const { psnr, ssim, perFrame } = compared;
      const result = { frames, psnr, ssim, bpp, bytes, audioBytes, width, height, decodeFps, perFrame };
      print(io, json ? JSON.stringify(result) : summary(path, result));
    } finally {
      progress.stop();
      await pool.close();
    }
  }
}

/** How many frames both have. @throws CommandError where they are not frames of the same film. */
async function comparableFrames(asset: Asset, reference: string, info: VideoInfo, io: Io): Promise<number> {
  const { frameRate, frameCount } = asset;
  const rate = info.frameRate.num / info.frameRate.den;
  if (Math.abs(rate - frameRate.num / frameRate.den) > 1e-6) {
    const [ours, theirs] = [frameRate.num / frameRate.den, rate].map((value) => Number(value.toFixed(3)));
    throw new CommandError(
      `${asset.name} has ${ours} frames a second and ${reference} has ${theirs}; give the video that it was made from`,
    );
  }
  const span = { to: frameCount / rate, signal: io.signal };
  const there = Math.min(frameCount, (await analyseVideo(reference, info, span)).frameCount);
  if (there < frameCount) {
    io.stderr.write(`${reference} has ${there} of the asset's ${frameCount} frames; comparing those.\n`);
  }
  return there;
}

/** Decoding alone, at the size compared: nothing else runs meanwhile. */
async function framesPerSecond(frames: AsyncIterable<Uint8Array>): Promise<number> {
  const began = performance.now();
  let count = 0;
  for await (const _ of frames) count++;
  return (count * 1000) / (performance.now() - began);
}

interface Result extends Size {
  readonly frames: number;
  readonly psnr: number;
  readonly ssim: number;
  readonly bpp: number;
  readonly bytes: number;
  readonly audioBytes: number;
  readonly decodeFps: number;
}

const summary = (path: string, r: Result): string =>
  [
    `${path} at ${r.width} x ${r.height}, ${r.frames} frames`,
    `  PSNR    ${r.psnr.toFixed(2)} dB`,
    `  SSIM    ${r.ssim.toFixed(4)}`,
    `  size    ${byteCount(r.bytes)}, of which ${byteCount(r.audioBytes)} sound: ${r.bpp.toFixed(4)} bits a pixel`,
    `  decodes ${r.decodeFps.toFixed(1)} frames a second`,
  ].join("\n");
