import { stat } from "node:fs/promises";
import { serialize } from "node:v8";
import { crc32c, MAX_SIDE, MIN_SIDE, type Model, type PaperEncoder } from "../codec/internal.js";
import { checkWritable, detectScenes, MediaError, type ProbeResult, probeVideo } from "../media/index.js";
import { EncoderError, invalidOption } from "./errors.js";
import type { EncodeEvent, EncodeSummary } from "./events.js";
import { encodeAudioTracks } from "./job/audio.js";
import { Checkpoints } from "./job/checkpoints.js";
import { ProgressMeter } from "./job/progress.js";
import { collectSubtitles } from "./job/subtitles.js";
import { writeAsset } from "./job/write-asset.js";
import { type EncodeOptions, resolveTileOptions, type TileOptions } from "./options.js";
import { type PaperOptions, resolvePaperOptions } from "./paper/options.js";
import { paperNetwork, uniformAnchorFrames } from "./paper/plan.js";
import { readSharedEncoder } from "./paper/shared-encoder.js";
import { trainPaperVideo } from "./paper/train-video.js";
import { planTiles } from "./plan/capacity.js";
import { type PlannedGroup, planGroups } from "./plan/groups.js";
import { chooseAnchorFrames, planAnchorGroups } from "./plan/plan-anchors.js";
import { settingsForSize } from "./plan/tile-grid.js";
import { trainStages } from "./tile/stages.js";
import { requireCuda } from "./training/onnx/cuda-provider.js";
import { requireTensorFlow } from "./training/tfjs/tfjs-runtime.js";

/**
 * Encodes a video into an asset: analysis, sound, phase 1 on the anchor groups, phase 2 on every group,
 * the file. Checkpoints lie in `<output>.work/`; the output appears whole or not at all.
 *
 * Rejects with EncoderError (`bad-option`, `no-cuda`, `no-tfjs`, `interrupted`, `no-match`, `diverged`) or
 * MediaError (what is wrong with the video, or with the place to write to).
 */
export async function encode(options: EncodeOptions): Promise<EncodeSummary> {
  const began = performance.now();
  const resolved = options.profile === "paper" ? resolvePaperOptions(options) : resolveTileOptions(options);
  const emit = options.onEvent ?? (() => {});
  try {
    const summary = await run(resolved, emit, began, options.signal);
    emit({ type: "done", ...summary });
    return summary;
  } catch (cause) {
    if (!options.signal?.aborted) throw cause;
    throw new EncoderError(
      "interrupted",
      `interrupted; what is finished is kept in ${resolved.output}.work: the same command with --resume goes on from there`,
      { cause },
    );
  }
}

type AnyOptions = TileOptions | PaperOptions;
const isPaper = (options: AnyOptions): options is PaperOptions => "profile" in options;

async function run(
  options: AnyOptions,
  emit: (event: EncodeEvent) => void,
  began: number,
  signal?: AbortSignal,
): Promise<EncodeSummary> {
  if (options.trainer === "tfjs") requireTensorFlow(options.device);
  else if (options.device === "cuda") requireCuda();
  if (!options.output.endsWith(".siedd"))
    throw invalidOption("--output", "a name that ends in .siedd", options.output);
  await checkWritable(options.output, options.input);
  const info = await probeVideo(options.input, signal);
  const size = assetSize(info, options);
  const sharedEncoder = isPaper(options) ? await sharedEncoderOf(options, signal) : undefined;
  const meter = new ProgressMeter(emit);
  try {
    const { frameCount, cuts } = await analyze(info, options, meter, signal);
    const regroup = (frames?: number) => planGroups(frameCount, cuts, info.frameRate, frames);
    const groups = regroup(options.groupFrames);
    const work = isPaper(options)
      ? await paperWork(options, info, size, groups, frameCount, sharedEncoder, signal)
      : await tileWork(options, info, size, groups, frameCount, regroup, signal);
    const { anchors } = work;
    const scenes = cuts.length + 1;
    emit({ type: "analyzed", frames: frameCount, groups: groups.length, anchors, scenes, ...size });
    const source = await stat(options.input);
    const identity = {
      input: [options.input, source.size, source.mtimeMs],
      options: { ...options, output: "", workers: 0, resume: false },
      groups,
      ...work.identity,
    };
    const checkpoints = await Checkpoints.open(options.output, identity, options.resume);
    const write = async () => {
      meter.enter("audio", "", 1);
      const audio = await encodeAudioTracks({ info, options, checkpoints }, signal);
      const text = await collectSubtitles({ info, options, frameCount, checkpoints }, emit, signal);
      const finished = await work.train(checkpoints, meter, emit, signal);
      meter.enter("write");
      const rest = { groups: finished.groups ?? groups, audio, text };
      const parts = { ...size, frameRate: info.frameRate, ...finished.model, ...rest };
      const written = await writeAsset(options.output, parts, checkpoints, finished.sizes);
      return { ...written, psnr: finished.psnr, groupCount: parts.groups.length };
    };
    const { bytes, audioBytes, psnr, groupCount } = await write()
      .catch(async (cause: unknown) => {
        if (!signal?.aborted) await checkpoints.removeUnlessTrained();
        throw cause;
      })
      .finally(() => checkpoints.release());
    await checkpoints.remove();
    return {
      output: options.output,
      bytes,
      audioBytes,
      frames: frameCount,
      groups: groupCount,
      psnr,
      bpp: ((bytes - audioBytes) * 8) / (frameCount * size.width * size.height),
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    meter.close();
  }
}

/** What the two profiles do differently. */
interface ProfileWork {
  /** Groups that are anchors; in the paper profile frames. */
  readonly anchors: readonly number[];
  /** What checkpoints depend on beside the options and the groups. */
  readonly identity: object;
  /** Every group ends up in the checkpoints. */
  train(
    checkpoints: Checkpoints,
    meter: ProgressMeter,
    emit: (event: EncodeEvent) => void,
    signal?: AbortSignal,
  ): Promise<{
    readonly model: Model;
    readonly sizes: readonly number[];
    readonly psnr: number;
    /** Where they are others than were planned. */
    readonly groups?: readonly PlannedGroup[];
  }>;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

async function tileWork(
  options: TileOptions,
  info: ProbeResult,
  size: Size,
  groups: readonly PlannedGroup[],
  frameCount: number,
  regroup: (frames: number) => readonly PlannedGroup[],
  signal?: AbortSignal,
): Promise<ProfileWork> {
  const preset = settingsForSize(size.width, size.height, options.training);
  const plan = planTiles({ ...size, frameCount, groups }, preset, options);
  const source = { info, ...options, choice: options.anchorChoice };
  const anchorPlan = await planAnchorGroups(source, groups, options.anchors, signal);
  return {
    anchors: anchorPlan.anchors,
    identity: {
      network: plan.network,
      anchors: anchorPlan.anchors,
      warmStartAnchor: anchorPlan.warmStartAnchor,
    },
    train: (...how) =>
      trainStages({ info, size, frameCount, options, preset, plan, groups, anchorPlan, regroup }, ...how),
  };
}

/** The encoder that --shared-encoder names, read before anything takes time. */
async function sharedEncoderOf(
  { training }: PaperOptions,
  signal?: AbortSignal,
): Promise<PaperEncoder | undefined> {
  if (training.sharedEncoder === undefined) return undefined;
  return readSharedEncoder(training.sharedEncoder, paperNetwork(training), signal);
}

async function paperWork(
  options: PaperOptions,
  info: ProbeResult,
  size: Size,
  groups: readonly PlannedGroup[],
  frameCount: number,
  sharedEncoder: PaperEncoder | undefined,
  signal?: AbortSignal,
): Promise<ProfileWork> {
  const source = { info, ...options, choice: options.anchorChoice };
  const uniform = uniformAnchorFrames(frameCount, options.anchors);
  const anchors = await chooseAnchorFrames(source, groups, uniform, signal);
  const network = paperNetwork(options.training);
  return {
    anchors,
    identity: { network, anchors, sharedEncoder: sharedEncoder && crc32c(serialize(sharedEncoder)) },
    train: (checkpoints, ...rest) =>
      trainPaperVideo({ info, size, groups, anchors, network, sharedEncoder, options, checkpoints }, ...rest),
  };
}

async function analyze(info: ProbeResult, options: AnyOptions, meter: ProgressMeter, signal?: AbortSignal) {
  meter.enter("analyze");
  const { from = 0, to = info.duration } = options;
  return detectScenes(options.input, info, {
    from: options.from,
    to: options.to,
    signal,
    onProgress: (seconds) => meter.enter("analyze", "", Math.min(1, seconds / Math.max(1, to - from))),
  });
}

/** The asset's own size: the one asked for, else the video's. */
function assetSize(info: ProbeResult, options: AnyOptions): Size {
  const { width, height } = options.size ?? info;
  for (const side of [width, height]) {
    if (side < MIN_SIDE || side > MAX_SIDE) {
      throw new MediaError(
        "not-a-video",
        `${options.input} is ${width} x ${height} pixels; an asset has ${MIN_SIDE} to ${MAX_SIDE} a side: choose one with --size`,
      );
    }
  }
  return { width, height };
}
