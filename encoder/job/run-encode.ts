import { stat } from "node:fs/promises";
import { basename } from "node:path";
import {
  type AssetMetadata,
  frameSeconds,
  MAX_SIDE,
  MIN_SIDE,
  normalizeChapters,
} from "../../codec/internal.js";
import {
  checkWritable,
  detectScenes,
  fileIdentity,
  MediaError,
  type ProbeResult,
  probeVideo,
  readCover,
} from "../../media/index.js";
import type { EncodeEvent, EncodeSummary } from "../events.js";
import { planGroups } from "../plan/groups.js";
import { requireCuda, requireOnnxRuntime } from "../training/onnx/cuda-provider.js";
import { requireTensorFlow } from "../training/tfjs/tfjs-runtime.js";
import { encodeAudioTracks } from "./audio.js";
import { Checkpoints } from "./checkpoints.js";
import { checkTrackLimits, checkVideoLimits } from "./limits.js";
import type {
  AnalyzedVideo,
  EncodeJob,
  Profile,
  ProfileOptions,
  ProfilePlan,
  TrainedGroups,
} from "./profile.js";
import { ProgressMeter } from "./progress.js";
import { reportSource } from "./report-source.js";
import { collectSubtitles } from "./subtitles.js";
import { countVideoBytes, writeAsset } from "./write-asset.js";

/** Analyzes a video, trains its networks with a profile and writes the asset. */
export async function runEncode(
  profile: Profile,
  emit: (event: EncodeEvent) => void,
  signal?: AbortSignal,
): Promise<EncodeSummary> {
  const startTime = performance.now();
  const { options } = profile;
  requirePackages(options);
  await checkWritable(options.output, options.input);
  const info = await probeVideo(options.input, signal, options.videoStream);
  const size = assetSize(info, options);
  checkVideoLimits(options.input, info, options);
  await profile.loadInputs(signal);
  reportSource(info, options, emit);
  const meter = new ProgressMeter(emit);
  try {
    const video = await analyze({ info, size }, options, meter, signal);
    const { groups, frameCount } = video;
    const plan = await profile.plan(video, signal);
    const { anchors } = plan;
    const scenes = video.cuts.length + 1;
    emit({ type: "analyzed", frames: frameCount, groups: groups.length, anchors, scenes, ...size });
    const checkpoints = await Checkpoints.open(options, await identityOf(plan, video, options));
    const written = await trainAndWrite(plan, { video, options, checkpoints, meter, emit, signal });
    const { bytes, audioBytes } = written;
    return {
      output: options.output,
      bytes,
      audioBytes,
      frames: frameCount,
      groups: written.groups,
      psnr: written.psnr,
      bpp: ((bytes - audioBytes) * 8) / (frameCount * size.width * size.height),
      seconds: (performance.now() - startTime) / 1000,
    };
  } finally {
    meter.close();
  }
}

/**
 * Checks that the optional packages that an encode needs are installed. Loads nothing.
 * @throws EncoderError `no-tfjs`, `no-onnxruntime` or `no-cuda`
 */
function requirePackages({ profile, trainer, device, precision }: ProfileOptions): void {
  if (trainer === "tfjs") requireTensorFlow(device);
  // Frames of the paper profile are always decoded with onnxruntime, to measure PSNR.
  if (profile === "paper") requireOnnxRuntime('profile "paper"');
  if (trainer !== "onnx") return;
  if (device === "cuda") requireCuda();
  requireOnnxRuntime(precision === "float16" ? 'precision "float16"' : 'trainer "onnx"');
}

/**
 * Encodes all tracks and writes the asset. Removes the checkpoints when done, or after a failure without trained weights.
 */
async function trainAndWrite(plan: ProfilePlan, job: EncodeJob) {
  const { checkpoints, meter, signal } = job;
  try {
    meter.enterPhase("audio", "", 1);
    const audio = await encodeAudioTracks(job);
    const text = await collectSubtitles(job);
    const { options, video } = job;
    const cover = await readCover(options.input, video.info, signal);
    const tracks = { audio, text, cover };
    checkTrackLimits(job.options.input, { audio, text, groups: job.video.groups.length });
    const videoBytes = (trained: TrainedGroups) => countVideoBytes(job, tracks, trained);
    const trained = await plan.train({ ...job, videoBytes });
    meter.enterPhase("write");
    const written = await writeAsset(job, tracks, trained);
    await checkpoints.removeFinished();
    return { ...written, psnr: trained.psnr, groups: trained.groups.length };
  } catch (cause) {
    if (!signal?.aborted) await checkpoints.removeUnlessTrained();
    throw cause;
  } finally {
    await checkpoints.release();
  }
}

/** Detects the scenes of the encoded time range and cuts them into groups. */
async function analyze(
  { info, size }: Pick<AnalyzedVideo, "info" | "size">,
  options: ProfileOptions,
  meter: ProgressMeter,
  signal?: AbortSignal,
): Promise<AnalyzedVideo> {
  meter.enterPhase("analyze");
  const { from = 0, to = info.duration } = options;
  const { frameCount, cuts } = await detectScenes(options.input, info, {
    from: options.from,
    to: options.to,
    signal,
    onProgress: (seconds) => meter.enterPhase("analyze", "", Math.min(1, seconds / Math.max(1, to - from))),
  });
  const groups = planGroups(frameCount, cuts, info.frameRate, options.groupFrames);
  const seconds = frameSeconds(frameCount, info.frameRate);
  return { info, size, frameCount, cuts, groups, metadata: await metadataOf(options, info, seconds) };
}

/**
 * Returns the metadata of an asset that lasts `seconds`. It records the source unless the asset is only a part of it.
 */
async function metadataOf(
  { input, from, to }: ProfileOptions,
  info: ProbeResult,
  seconds: number,
): Promise<AssetMetadata> {
  const isPart = from !== undefined || to !== undefined;
  const { title, created } = info;
  const shifted = info.chapters.map((chapter) => ({ ...chapter, start: chapter.start - (from ?? 0) }));
  const chapters = normalizeChapters(shifted, seconds);
  return {
    ...(title !== "" && { title }),
    ...(created !== null && { created }),
    ...(chapters.length > 0 && { chapters }),
    ...(!isPart && { source: { identity: await fileIdentity(input), name: basename(input) } }),
  };
}

/**
 * Returns the identity of an encode for its checkpoints. It ignores the number of workers and the variant of the
 * training kernel, which do not affect the bytes.
 */
async function identityOf(plan: ProfilePlan, video: AnalyzedVideo, options: ProfileOptions): Promise<object> {
  const source = await stat(options.input);
  return {
    input: [options.input, source.size, source.mtimeMs],
    options: { ...options, output: "", workers: 0, kernel: undefined, resume: false, workDir: undefined },
    groups: video.groups,
    ...plan.identity,
  };
}

/** Returns the size of the asset: the option `size`, or the size of the video. */
function assetSize(info: ProbeResult, options: ProfileOptions): AnalyzedVideo["size"] {
  const { width, height } = options.size ?? info;
  for (const side of [width, height]) {
    if (side < MIN_SIDE || side > MAX_SIDE) {
      throw new MediaError(
        "unsupported-video",
        `${options.input} is ${width} x ${height} pixels, but an asset must have ${MIN_SIDE} to ${MAX_SIDE} pixels per side; choose another size`,
      );
    }
  }
  return { width, height };
}
