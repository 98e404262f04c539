import { basename } from "node:path";
import { type Asset, type GroupEntry, openAsset } from "../codec/asset/asset.js";
import type { Rational } from "../codec/asset/rational.js";
import type { ByteSource } from "../codec/bytes/byte-source.js";
import type { DecoderBackendChoice } from "../codec/decode/frame-decoder.js";
import { type FramePosition, locateFrame } from "../codec/decode/frame-position.js";
import type { Viewport } from "../codec/decode/viewport.js";
import { SieddError } from "../codec/errors.js";
import { abortable } from "./abortable.js";
import { fileSource } from "./file-source.js";
import { type FrameFormat, frameBytes, type TaskSource } from "./messages.js";
import type { DecodePool } from "./pool.js";

/** A source of which decoding threads can be told. */
export interface DecodableSource extends ByteSource {
  /** What a thread needs to decode these groups. Rejects as `read` does. */
  share(asset: Asset, groups: readonly number[]): TaskSource | Promise<TaskSource>;
}

/** An asset that is already open, with the content that was opened. */
export interface OpenedAsset {
  readonly asset: Asset;
  readonly source: DecodableSource;
  /** Default: `auto`. */
  readonly engine?: DecoderBackendChoice;
}

export interface DecodeFramesOptions {
  /** First frame, from 0. */
  readonly from: number;
  readonly count: number;
  /** Frames a second, of which `from` and `count` count; moments in between are evaluated. Default: the asset's own. */
  readonly rate?: Rational;
  /** Region in source pixels, size in output pixels; even sides for I420. */
  readonly request: Viewport;
  readonly format: FrameFormat;
  /** Default: the one of the opened asset, else `auto`, the faster one. */
  readonly engine?: DecoderBackendChoice;
  readonly signal?: AbortSignal;
  /** Called once for each damaged group, whose frames then repeat the one before (or are black); default: it ends the frames. */
  readonly onDamage?: (group: number, error: SieddError) => void;
}

/** One run of frames of one group. */
export interface FrameRun {
  readonly group: number;
  /** Within the group, from 0. */
  readonly first: number;
  readonly count: number;
}

// Large enough that a message costs nothing beside the decoding, small enough to spread one second of
// video over the threads and to end soon after nobody wants it any more.
const RUN_BYTES = 2 * 1024 * 1024;
const MAX_RUN = 4;
// A paper group computes its hidden features once for all its frames: a run is the whole group where it fits.
const PAPER_RUN_BYTES = 64 * 1024 * 1024;

/**
 * Frames of an asset in order, decoded in parallel. Memory is bounded: at most one run more than there are
 * threads is under way, a run being 2 MiB (64 MiB in the paper profile) or one frame. Each array is the
 * consumer's to keep.
 *
 * @param of an asset that is open, or the path of one
 * Throws SieddError (`corrupt-group` names the group), or the signal's reason.
 */
export async function* decodeFrames(
  pool: DecodePool,
  of: string | OpenedAsset,
  options: DecodeFramesOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { from, count, request, format, signal } = options;
  signal?.throwIfAborted();
  const { asset, source, engine: preferred } = typeof of === "string" ? await open(of, signal) : of;
  const engine = options.engine ?? preferred;
  const bytes = frameBytes(format, request.width, request.height);
  const longest =
    asset.profile === "paper"
      ? Math.max(1, Math.floor(PAPER_RUN_BYTES / bytes))
      : Math.max(1, Math.min(MAX_RUN, Math.floor(RUN_BYTES / bytes)));
  const runs =
    options.rate === undefined
      ? planRuns(asset.groups, from, count, longest).map(positionsOf)
      : planPositions(asset, options.rate, from, count, longest);
  const underWay: ReturnType<DecodePool["run"]>[] = [];
  let next = 0;
  const damaged = new Set<number>();
  let before: Uint8Array | undefined;
  for (const times of runs) {
    while (next < runs.length && underWay.length <= pool.workers) {
      const ahead = runs[next++];
      const run = shared(source, asset, ahead).then((found) =>
        pool.run({ type: "decode", source: found, times: ahead, request, format, engine }),
      );
      // A run that fails after its consumer has left is nobody's error.
      run.catch(() => {});
      underWay.push(run);
    }
    const result = await abortable(underWay.shift()!, signal);
    if (result.type === "error") {
      const error = new SieddError(result.code, result.message);
      if (options.onDamage === undefined || error.code !== "corrupt-group") throw error;
      const { group } = times[0];
      if (!damaged.has(group)) options.onDamage(group, error);
      damaged.add(group);
      before ??= blackFrame(format, request);
      for (let i = 0; i < times.length; i++) yield before.slice();
      continue;
    }
    // The consumer may do anything to its arrays: only a copy is sure to be the frame.
    if (options.onDamage !== undefined) before = new Uint8Array(result.frames.slice(-bytes));
    for (let i = 0; i < times.length; i++) yield new Uint8Array(result.frames, i * bytes, bytes);
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

/** The groups of some moments, and the next one where it is faded to. */
const shared = async (source: DecodableSource, asset: Asset, times: readonly FramePosition[]) =>
  source.share(asset, [...new Set(times.flatMap(groupsOf))]);

const groupsOf = ({ group, share }: FramePosition): number[] => (share === 0 ? [group] : [group, group + 1]);

/** Splits frames `from` to `from + count - 1` at group boundaries and into runs of at most `longest`. */
export function planRuns(
  groups: readonly GroupEntry[],
  from: number,
  count: number,
  longest: number,
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
    for (let at = Math.max(from, group.firstFrame); at < groupEnd; at += longest) {
      runs.push({
        group: group.index,
        first: at - group.firstFrame,
        count: Math.min(longest, groupEnd - at),
      });
    }
    return runs;
  });
}

const positionsOf = ({ group, first, count }: FrameRun): FramePosition[] =>
  Array.from({ length: count }, (_, i) => ({ group, frame: first + i, share: 0 }));

/** Frames `from` to `from + count - 1` at another rate than the video's, in runs of one group and at most `longest`. */
export function planPositions(
  { groups, frameRate }: Pick<Asset, "groups" | "frameRate">,
  rate: Rational,
  from: number,
  count: number,
  longest: number,
): FramePosition[][] {
  const runs: FramePosition[][] = [];
  for (let frame = from; frame < from + count; frame++) {
    // A frame is what was to be seen at its time of presentation.
    const time = locateFrame(groups, (frame * rate.den * frameRate.num) / (rate.num * frameRate.den));
    const run = runs.at(-1);
    if (run === undefined || run.length >= longest || run[0].group !== time.group) runs.push([time]);
    else run.push(time);
  }
  return runs;
}
