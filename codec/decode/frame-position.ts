import type { GroupEntry } from "../asset/asset.js";
import { SieddError } from "../errors.js";
import type { YuvMatrix } from "./color.js";
import type { DecoderGroup, FrameDecoder } from "./frame-decoder.js";
import type { Viewport } from "./viewport.js";

/** A moment of a video within its groups. */
export interface FramePosition {
  readonly group: number;
  /** Within the group; between its last frame and the next group's first one it is past the last. */
  readonly frame: number;
  /** Share of the next group, 0 to 1; not 0 between this group's last frame and the next one's first. */
  readonly share: number;
}

/**
 * Where a moment lies. position: in frames of the video, 0 at the time of the first one.
 * Throws `bad-request` for a moment before the first frame or a whole frame after the last one.
 */
export function locateFrame(groups: readonly GroupEntry[], position: number): FramePosition {
  const last = groups.at(-1);
  const end = last === undefined ? 0 : last.firstFrame + last.frameCount;
  // From 0.999999 to 1 there is no visible difference, and no reason to compute two frames.
  const nearest = Math.round(position);
  const at = Math.abs(position - nearest) < 1e-6 ? nearest : position;
  if (!(at >= 0 && at < end)) {
    throw new SieddError("bad-request", `frame ${position} does not exist: the asset has ${end} frames`);
  }
  const entry = groups[groupAt(groups, at)];
  const frame = at - entry.firstFrame;
  const past = frame - (entry.frameCount - 1);
  const share = past > 0 && entry.index + 1 < groups.length ? past : 0;
  return { group: entry.index, frame, share };
}

/** The last group that begins at or before `position`. */
function groupAt(groups: readonly GroupEntry[], position: number): number {
  let low = 0;
  let high = groups.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (groups[middle].firstFrame <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Gives a loaded group by its index. */
export type GroupLoader = (index: number) => Promise<DecoderGroup>;

/**
 * Decodes any moment. Between two groups both are decoded, each continued past its end, and cross-faded;
 * where the second begins a scene or is damaged, or the profile knows whole frames only, the frame before is held.
 */
export async function decodeFrameAt(
  engine: FrameDecoder,
  load: GroupLoader,
  { group, frame, share }: FramePosition,
  request: Viewport,
  format: YuvMatrix | "rgba",
  out: Uint8Array,
): Promise<void> {
  const decode = async (loaded: DecoderGroup, at: number, to: Uint8Array) => {
    if (format === "rgba") await engine.decodeRgba(loaded, at, request, to);
    else await engine.decodeI420(loaded, at, request, format, to);
  };
  const here = await load(group);
  if (Number.isInteger(frame)) return decode(here, frame, out);
  if (!("startsScene" in here)) return decode(here, Math.floor(frame), out);
  if (share === 0) return decode(here, Math.min(frame, here.frameCount - 1), out);
  const next = await load(group + 1).catch(unlessDamaged);
  if (next === undefined || !("startsScene" in next) || next.startsScene) {
    return decode(here, Math.floor(frame), out);
  }
  await decode(here, frame, out);
  const other = new Uint8Array(out.length);
  await decode(next, share - 1, other);
  for (let i = 0; i < out.length; i++) out[i] += Math.round((other[i] - out[i]) * share);
}

/** A damaged group is reported when its own frames are asked for. */
function unlessDamaged(cause: unknown): undefined {
  if (!(cause instanceof SieddError && cause.code === "corrupt-group")) throw cause;
}
