import { basename } from "node:path";
import { type Asset, type GroupEntry, openAsset } from "../codec/asset/asset.js";
import type { Rational } from "../codec/asset/rational.js";
import type { ByteSource } from "../codec/bytes/byte-source.js";
import type { DecoderEngineChoice } from "../codec/decode/frame-decoder.js";
import { type FramePosition, locateFrame } from "../codec/decode/frame-position.js";
import type { Viewport } from "../codec/decode/viewport.js";
import { SieddError } from "../codec/errors.js";
import { abortable } from "./abortable.js";
import { fileSource } from "./file-source.js";
import { type FrameFormat, frameBytes, type TaskSource } from "./messages.js";
import type { DecodePool } from "./pool.js";

/** A source that decode workers can open too. */
export interface DecodableSource extends ByteSource {
  /** Returns what a worker needs to decode these groups. Rejects as `read` does. */
  taskSource(asset: Asset, groups: readonly number[]): TaskSource | Promise<TaskSource>;
}

/** An open asset and the source that it was opened from. */
export interface OpenedAsset {
  readonly asset: Asset;
  readonly source: DecodableSource;
  /** Default: `auto`. */
  readonly engine?: DecoderEngineChoice;
}

/** What `decodeFrames` decodes. */
export interface DecodeFramesOptions {
  /** Index of the first frame, from 0, at `rate`. */
  readonly from: number;
  /** Number of frames. */
  readonly count: number;
  /** Frame rate of the output. Frames between those of the video are interpolated by the networks. Default: the asset's. */
  readonly rate?: Rational;
  /** Region in source pixels and size in output pixels. For I420, width and height must be even. */
  readonly viewport: Viewport;
  readonly format: FrameFormat;
  /** Decoder engine. Default: that of the opened asset, else `auto`. */
  readonly engine?: DecoderEngineChoice;
  readonly signal?: AbortSignal;
  /**
   * Called once per damaged group. The frames of the group are then copies of the last intact frame before it, or
   * black. Default: a damaged group throws SieddError `corrupt-group`.
   */
  readonly onDamage?: (group: number, error: SieddError) => void;
}

/** Consecutive frames of one group. */
export interface FrameRun {
  /** Index of the group. */
  readonly group: number;
  /** First frame within the group, from 0. */
  readonly first: number;
  readonly count: number;
}

// Limits of one task: large enough that the cost of a message is negligible, small enough to spread one second of
// video over all threads, and to stop soon after an abort.
const MAX_TASK_BYTES = 2 * 1024 * 1024;
const MAX_TASK_FRAMES = 4;
// A paper decoder computes the hidden features once for all frames of a group: a task is an entire group if it fits.
const MAX_PAPER_TASK_BYTES = 64 * 1024 * 1024;

/**
 * Yields frames of an asset in order, decoded in parallel. Memory is bounded: up to `pool.workers + 1` tasks are in
 * flight, each of up to 2 MiB (64 MiB in the paper profile), or of one frame if a frame is larger. The consumer owns the
 * yielded arrays.
 *
 * @param input an open asset, or the path of an asset
 * @throws SieddError (`corrupt-group` names the group), WorkerCrashedError, or the signal's reason.
 */
export async function* decodeFrames(
  pool: DecodePool,
  input: string | OpenedAsset,
  options: DecodeFramesOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const canceled = new SharedArrayBuffer(4);
  try {
    yield* decodeRuns(pool, input, options, canceled);
  } finally {
    // Ends tasks that are in flight, if the consumer stops early or the signal aborts.
    Atomics.store(new Int32Array(canceled), 0, 1);
  }
}

async function* decodeRuns(
  pool: DecodePool,
  input: string | OpenedAsset,
  options: DecodeFramesOptions,
  canceled: SharedArrayBuffer,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { from, count, viewport, format, signal } = options;
  signal?.throwIfAborted();
  const {
    asset,
    source,
    engine: assetEngine,
  } = typeof input === "string" ? await open(input, signal) : input;
  const engine = options.engine ?? assetEngine;
  const bytes = frameBytes(format, viewport.width, viewport.height);
  const maxFrames =
    asset.profile === "paper"
      ? Math.max(1, Math.floor(MAX_PAPER_TASK_BYTES / bytes))
      : Math.max(1, Math.min(MAX_TASK_FRAMES, Math.floor(MAX_TASK_BYTES / bytes)));
  const range = { from, count };
  const runs =
    options.rate === undefined
      ? planRuns(asset.groups, range, maxFrames).map(positionsOf)
      : planPositions(asset, options.rate, range, maxFrames);
  const inFlight: ReturnType<DecodePool["run"]>[] = [];
  let next = 0;
  const damaged = new Set<number>();
  let lastGood: Uint8Array | undefined;
  for (const run of runs) {
    while (next < runs.length && inFlight.length <= pool.workers) {
      const positions = runs[next++];
      const task = taskSource(source, asset, positions).then((shared) =>
        pool.run({ type: "decode", source: shared, positions, viewport, format, engine, canceled }),
      );
      // If the consumer stops early, nothing else handles a rejection.
      task.catch(() => {});
      inFlight.push(task);
    }
    const result = await abortable(inFlight.shift()!, signal);
    if (result.type === "decode-error") {
      const error = new SieddError(result.code, result.message);
      if (options.onDamage === undefined || error.code !== "corrupt-group") throw error;
      const { group } = run[0];
      if (!damaged.has(group)) options.onDamage(group, error);
      damaged.add(group);
      lastGood ??= blackFrame(format, viewport);
      for (let i = 0; i < run.length; i++) yield lastGood.slice();
      continue;
    }
    // A copy, because the consumer may overwrite the arrays that it receives.
    if (options.onDamage !== undefined) lastGood = new Uint8Array(result.frames.slice(-bytes));
    for (let i = 0; i < run.length; i++) yield new Uint8Array(result.frames, i * bytes, bytes);
  }
}

function blackFrame(format: FrameFormat, { width, height }: Viewport): Uint8Array {
  const frame = new Uint8Array(frameBytes(format, width, height));
  if (format === "rgba") for (let at = 3; at < frame.length; at += 4) frame[at] = 255;
  else frame.fill(16, 0, width * height).fill(128, width * height);
  return frame;
}

async function open(path: string, signal: AbortSignal | undefined): Promise<OpenedAsset> {
  const source = fileSource(path);
  return { asset: await openAsset(source, { name: basename(path), ...(signal && { signal }) }), source };
}

/** Returns the task source of all groups that the positions need. */
const taskSource = async (source: DecodableSource, asset: Asset, positions: readonly FramePosition[]) =>
  source.taskSource(asset, [...new Set(positions.flatMap(groupsOf))]);

/** Returns the group of a position, and the next group if it is cross-faded. */
const groupsOf = ({ group, blend }: FramePosition): number[] => (blend === 0 ? [group] : [group, group + 1]);

interface Range {
  /** Index of the first frame. */
  readonly from: number;
  readonly count: number;
}

/**
 * Splits a range of frames at group boundaries and into runs of up to `maxFrames` frames.
 * @throws SieddError `bad-request` if a frame does not exist.
 */
export function planRuns(
  groups: readonly GroupEntry[],
  { from, count }: Range,
  maxFrames: number,
): FrameRun[] {
  const end = from + count;
  const last = groups.at(-1);
  const frames = last === undefined ? 0 : last.firstFrame + last.frameCount;
  if (!Number.isInteger(from) || !Number.isInteger(count) || from < 0 || count < 0 || end > frames) {
    throw new SieddError(
      "bad-request",
      `frames ${from} to ${end - 1} do not exist: the asset has ${frames} frames`,
    );
  }
  return groups.flatMap((group) => {
    const runs: FrameRun[] = [];
    const groupEnd = Math.min(end, group.firstFrame + group.frameCount);
    for (let frame = Math.max(from, group.firstFrame); frame < groupEnd; frame += maxFrames) {
      runs.push({
        group: group.index,
        first: frame - group.firstFrame,
        count: Math.min(maxFrames, groupEnd - frame),
      });
    }
    return runs;
  });
}

const positionsOf = ({ group, first, count }: FrameRun): FramePosition[] =>
  Array.from({ length: count }, (_, i) => ({ group, frame: first + i, blend: 0 }));

/**
 * Converts a range of frames at any frame rate to positions in the video. Splits them into runs of up to `maxFrames`
 * positions in the same group.
 * @throws SieddError `bad-request` if a frame does not exist.
 */
export function planPositions(
  { groups, frameRate }: Pick<Asset, "groups" | "frameRate">,
  rate: Rational,
  { from, count }: Range,
  maxFrames: number,
): FramePosition[][] {
  const runs: FramePosition[][] = [];
  for (let frame = from; frame < from + count; frame++) {
    const position = locateFrame(groups, (frame * rate.den * frameRate.num) / (rate.num * frameRate.den));
    const run = runs.at(-1);
    if (run === undefined || run.length >= maxFrames || run[0].group !== position.group)
      runs.push([position]);
    else run.push(position);
  }
  return runs;
}
