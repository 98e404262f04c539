import { basename } from "node:path";
import { Command } from "commander";
import { DecodePool } from "../../decode-pool/index.js";
import { type ConventionalCodec, checkWritable, probeVideo } from "../../media/index.js";
import {
  type CodecResult,
  type ComparedVideos,
  countComparableFrames,
  type Evaluation,
  type EvaluationOptions,
  evaluateAsset,
  worstFramePairs,
} from "../evaluation/evaluate.js";
import { writeReport } from "../evaluation/write-report.js";
import { openAssetFile } from "../input/asset-file.js";
import { integer, parseFile, parseSeconds, parseSize, type Size } from "../input/parsers.js";
import { openVideoInput } from "../input/video-input.js";
import { type Io, print } from "../io.js";
import { formatBytes, formatCount } from "../output/format.js";
import { jsonLine, noProgress, type Progress, showProgress } from "../output/progress.js";

interface EvalFlags {
  readonly size?: Size;
  readonly from?: number;
  readonly videoStream?: number;
  readonly x264?: boolean;
  readonly x265?: boolean;
  readonly svtAv1?: boolean;
  readonly report?: string;
  readonly json?: boolean;
}

/** Number of worst frames in a report. */
const WORST_FRAMES = 3;

export function evalCommand(io: Io): Command {
  return new Command("eval")
    .description("compare an asset with its source video: PSNR, SSIM, bits per pixel, decoding speed")
    .argument("<asset>", ".siedd file", parseFile)
    .argument("<reference>", "source video of the asset, or - for standard input", parseFile)
    .option("--size <WxH>", "size to compare at (default: the asset's size)", parseSize)
    .option("--from <time>", "start of the asset in the source video (default: 0)", parseSeconds)
    .option(
      "--video-stream <n>",
      "video stream of the source video, counted from 0 (default: the main one)",
      integer(0, 999),
    )
    .option("--x264", "also measure x264: bytes at equal PSNR, and bytes of an ABR ladder")
    .option("--x265", "also measure x265")
    .option("--svt-av1", "also measure SVT-AV1")
    .option("--report <file>", "write an HTML report with charts and the worst frames; implies --x264")
    .option("--json", "print progress as JSON lines on stderr, and the result as JSON on stdout")
    .action((path: string, reference: string, flags: EvalFlags) => evaluate(path, reference, flags, io));
}

async function evaluate(path: string, argument: string, flags: EvalFlags, io: Io): Promise<void> {
  const { signal } = io;
  const { size, from = 0, report, json, videoStream } = flags;
  if (report !== undefined) await checkWritable(report, path, argument);
  const { asset, source } = await openAssetFile(path, signal);
  await using input = await openVideoInput(argument, io, json);
  const reference = input.path;
  const info = await probeVideo(reference, signal, videoStream);
  const frames = await countComparableFrames({ asset, reference, info, from, signal });
  if (frames < asset.frameCount) {
    io.stderr.write(
      `${reference} has only ${frames} of the asset's ${asset.frameCount} frames; comparing those.\n`,
    );
  }
  const progress = json ? noProgress : showProgress(io);
  const pool = new DecodePool();
  const { width, height } = size ?? asset;
  const videos: ComparedVideos = {
    asset,
    source,
    pool,
    reference,
    info,
    from,
    frames,
    width,
    height,
    signal,
  };
  try {
    const evaluation = await evaluateAsset(videos, {
      codecs: selectCodecs(flags),
      curves: report !== undefined,
      ...progressCallbacks(frames, progress, json ? io : undefined),
    });
    if (report !== undefined) {
      await writeReport(report, {
        asset: basename(path),
        reference: basename(reference),
        evaluation,
        frameRate: asset.frameRate.num / asset.frameRate.den,
        worst: await worstFramePairs(videos, evaluation, WORST_FRAMES),
      });
    }
    progress.stop();
    const summary = json
      ? JSON.stringify(jsonResult(evaluation, report))
      : describeEvaluation(path, evaluation, report);
    await print(io, summary);
  } finally {
    progress.stop();
    await pool.close();
  }
}

function selectCodecs({ x264, x265, svtAv1, report }: EvalFlags): ConventionalCodec[] {
  const selected: Record<ConventionalCodec, boolean | undefined> = {
    x264: x264 || report !== undefined,
    x265,
    "svt-av1": svtAv1,
  };
  return (["x264", "x265", "svt-av1"] as const).filter((codec) => selected[codec]);
}

/** Typical number of encodes needed to find equal PSNR. */
const TYPICAL_ENCODES = 6;

/** Returns callbacks that show progress, and write it as JSON events to `jsonIo` if given. */
function progressCallbacks(
  frames: number,
  progress: Progress,
  jsonIo: Io | undefined,
): Pick<EvaluationOptions, "onFrame" | "onEncode"> {
  const started = performance.now();
  const encodes = new Map<ConventionalCodec, number>();
  return {
    onFrame(compared) {
      const done = compared / frames;
      const remainingSeconds = ((performance.now() - started) / 1000 / compared) * (frames - compared);
      const detail = `${compared} of ${frames} frames`;
      progress.update("comparing", done, remainingSeconds, detail);
      if (jsonIo) jsonLine(jsonIo, { type: "progress", phase: "compare", done, remainingSeconds, detail });
    },
    onEncode(codec, detail) {
      const finished = encodes.get(codec) ?? 0;
      encodes.set(codec, finished + 1);
      const done = finished / (finished + TYPICAL_ENCODES);
      progress.update(codec, done, undefined, detail);
      if (jsonIo) jsonLine(jsonIo, { type: "progress", phase: codec, done, detail });
    },
  };
}

const JSON_KEYS: Record<ConventionalCodec, string> = { x264: "x264", x265: "x265", "svt-av1": "svtAv1" };

/** Returns the object that `--json` prints; values are null for a codec that cannot reach the PSNR. */
function jsonResult(evaluation: Evaluation, report: string | undefined): object {
  const { codecs, videoBytes: _, perFrame, ...rest } = evaluation;
  const byCodec = codecs.map(({ name, ...result }) => [
    JSON_KEYS[name],
    { ...result, rateFactor: result.rateFactor ?? null, ladder: result.ladder ?? null },
  ]);
  return { ...rest, ...Object.fromEntries(byCodec), ...(report === undefined ? {} : { report }), perFrame };
}

function describeEvaluation(path: string, e: Evaluation, report: string | undefined): string {
  return [
    `${path} at ${e.width} x ${e.height}, ${formatCount(e.frames, "frame")}`,
    `  PSNR    ${e.psnr.toFixed(2)} dB`,
    `  SSIM    ${e.ssim.toFixed(4)}${e.msSsim === undefined ? "" : `, MS-SSIM ${e.msSsim.toFixed(4)}`}`,
    `  size    ${formatBytes(e.bytes)} (audio: ${formatBytes(e.audioBytes)}), ${e.bpp.toFixed(4)} bits per pixel`,
    `  decode  ${e.decodeFps.toFixed(1)} frames per second`,
    ...e.codecs.map(describeCodec),
    ...(report === undefined ? [] : [`  report  ${report}`]),
  ].join("\n");
}

function describeCodec({ name, bytesAtEqualPsnr, ratio, ladder }: CodecResult): string {
  const title = `  ${name.padEnd(7)}`;
  if (bytesAtEqualPsnr === null || ratio === null) return `${title} cannot reach this PSNR`;
  const sizes = ladder?.rungs.length ?? 1;
  const ladderText = ladder && sizes > 1 ? `; ladder of ${sizes} sizes: ${formatBytes(ladder.bytes)}` : "";
  return `${title} ${formatBytes(bytesAtEqualPsnr)} at equal PSNR without audio; the asset has ${ratio.toFixed(2)} times as many bytes${ladderText}`;
}
