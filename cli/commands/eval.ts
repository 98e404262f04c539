import { basename } from "node:path";
import { Command } from "commander";
import { DecodePool } from "../../decode-pool/index.js";
import { type ConventionalCodec, checkWritable, probeVideo } from "../../media/index.js";
import {
  type CodecResult,
  comparableFrames,
  type Evaluation,
  evaluateAsset,
  worstPairs,
} from "../evaluation/evaluate.js";
import { writeReport } from "../evaluation/write-report.js";
import { openAssetFile } from "../input/asset-file.js";
import { byteCount, count, parseFile, parseSeconds, parseSize, type Size } from "../input/values.js";
import { type Io, print } from "../io.js";
import { jsonLine, noProgress, type Progress, showProgress } from "../output/progress.js";

interface EvalFlags {
  readonly size?: Size;
  readonly from?: number;
  readonly x264?: boolean;
  readonly x265?: boolean;
  readonly svtAv1?: boolean;
  readonly report?: string;
  readonly json?: boolean;
}

/** Pairs of pictures in a report. */
const WORST_FRAMES = 3;

export function evalCommand(io: Io): Command {
  return new Command("eval")
    .description("how close an asset comes to its video: PSNR, SSIM, bits a pixel, speed")
    .argument("<asset>", "a .siedd file", parseFile)
    .argument("<reference>", "the video it was made from", parseFile)
    .option("--size <WxH>", "compare at this size; default: the asset's", parseSize)
    .option("--from <seconds>", "where in the video the asset begins", parseSeconds)
    .option("--x264", "also the bytes that x264 needs for the same PSNR, and a ladder of it")
    .option("--x265", "also those of x265")
    .option("--svt-av1", "also those of SVT-AV1")
    .option("--report <file>", "also a page with charts and the worst frames; implies --x264")
    .option("--json", "progress as JSON lines on stderr, the result as JSON on stdout")
    .action((path: string, reference: string, flags: EvalFlags) => evaluate(path, reference, flags, io));
}

async function evaluate(path: string, reference: string, flags: EvalFlags, io: Io): Promise<void> {
  const { signal } = io;
  const { size, from = 0, report, json } = flags;
  if (report !== undefined) await checkWritable(report, path, reference);
  const { asset, source } = await openAssetFile(path, signal);
  const info = await probeVideo(reference, signal);
  const frames = await comparableFrames({ asset, reference, info, from, signal }, (there) => {
    io.stderr.write(
      `${reference} has ${there} of the asset's ${asset.frameCount} frames; comparing those.\n`,
    );
  });
  const progress = json ? noProgress : showProgress(io);
  const pool = new DecodePool();
  const { width, height } = size ?? asset;
  const compared = {
    ...{ asset, source, pool, reference, info, from, frames, width, height, signal },
  };
  try {
    const evaluation = await evaluateAsset(compared, {
      codecs: chosenCodecs(flags),
      curves: report !== undefined,
      ...tellProgress(frames, progress, json ? io : undefined),
    });
    if (report !== undefined) {
      const worst = await worstPairs(compared, evaluation, WORST_FRAMES);
      const rate = asset.frameRate.num / asset.frameRate.den;
      const names = { asset: basename(path), reference: basename(reference) };
      await writeReport(report, { ...names, evaluation, rate, worst });
    }
    progress.stop();
    print(io, json ? JSON.stringify(result(evaluation, report)) : summary(path, evaluation, report));
  } finally {
    progress.stop();
    await pool.close();
  }
}

function chosenCodecs({ x264, x265, svtAv1, report }: EvalFlags): ConventionalCodec[] {
  const chosen: Record<ConventionalCodec, boolean | undefined> = {
    x264: x264 || report !== undefined,
    x265,
    "svt-av1": svtAv1,
  };
  return (["x264", "x265", "svt-av1"] as const).filter((codec) => chosen[codec]);
}

/** Encodes that it takes to find equal PSNR, about. */
const ENCODES = 6;

function tellProgress(frames: number, progress: Progress, lines: Io | undefined) {
  const began = performance.now();
  const encodes = new Map<ConventionalCodec, number>();
  const tell = (
    phase: string,
    title: string,
    done: number,
    remaining: number | undefined,
    detail: string,
  ) => {
    progress.update(title, done, remaining, detail);
    if (lines) jsonLine(lines, { type: "progress", phase, done, remainingSeconds: remaining, detail });
  };
  return {
    onFrame(done: number) {
      const remaining = ((performance.now() - began) / 1000 / done) * (frames - done);
      tell("compare", "comparing", done / frames, remaining, `${done} of ${frames} frames`);
    },
    onEncode(codec: ConventionalCodec, what: string) {
      const begun = encodes.get(codec) ?? 0;
      encodes.set(codec, begun + 1);
      tell(codec, codec, begun / (begun + ENCODES), undefined, what);
    },
  };
}

const KEYS: Record<ConventionalCodec, string> = { x264: "x264", x265: "x265", "svt-av1": "svtAv1" };

/** The keys of `--json`; null where a codec cannot reach the PSNR. */
function result(evaluation: Evaluation, report: string | undefined): object {
  const { codecs, videoBytes: _, perFrame, ...rest } = evaluation;
  const others = codecs.map(({ name, ...found }) => [
    KEYS[name],
    { ...found, rateFactor: found.rateFactor ?? null, ladder: found.ladder ?? null },
  ]);
  return { ...rest, ...Object.fromEntries(others), ...(report === undefined ? {} : { report }), perFrame };
}

function summary(path: string, e: Evaluation, report: string | undefined): string {
  return [
    `${path} at ${e.width} x ${e.height}, ${count(e.frames, "frame")}`,
    `  PSNR    ${e.psnr.toFixed(2)} dB`,
    `  SSIM    ${e.ssim.toFixed(4)}${e.msSsim === undefined ? "" : `, MS-SSIM ${e.msSsim.toFixed(4)}`}`,
    `  size    ${byteCount(e.bytes)}, of which ${byteCount(e.audioBytes)} sound: ${e.bpp.toFixed(4)} bits a pixel`,
    `  decodes ${e.decodeFps.toFixed(1)} frames a second`,
    ...e.codecs.map(codecLine),
    ...(report === undefined ? [] : [`  report  ${report}`]),
  ].join("\n");
}

function codecLine({ name, bytesAtEqualPsnr, ratio, ladder }: CodecResult): string {
  const title = `  ${name.padEnd(7)}`;
  if (bytesAtEqualPsnr === null || ratio === null)
    return `${title} cannot be compared: the PSNR is out of its reach`;
  const sizes = ladder?.rungs.length ?? 1;
  const integer = ladder && sizes > 1 ? `; a ladder of ${sizes} sizes ${byteCount(ladder.bytes)}` : "";
  return `${title} ${byteCount(bytesAtEqualPsnr)} for the same PSNR without sound, the asset has ${ratio.toFixed(2)} times as many${integer}`;
}
