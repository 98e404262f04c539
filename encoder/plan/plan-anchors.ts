import { type ProbeResult, readFrames } from "../../media/index.js";
import {
  type AnchorChoice,
  type AnchorPlan,
  type AnchorUnit,
  contentAnchors,
  MAX_CANDIDATES,
  namedAnchors,
  sceneAnchors,
  uniformAnchors,
} from "./anchors.js";
import type { PlannedGroup } from "./groups.js";

/** Pixels of the thumbnails by which content is compared. */
const THUMBNAIL = { width: 32, height: 18 };

/** A video as far as anchors depend on it. */
export interface AnchorSource {
  readonly info: ProbeResult;
  readonly input: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly choice: AnchorChoice;
}

/** Groups in so many of which one is an anchor. */
const GROUPS_AN_ANCHOR = 5;

/** Anchor groups: one in five, at most `limit`. */
export function planAnchorGroups(
  source: AnchorSource,
  groups: readonly PlannedGroup[],
  limit: number,
  signal?: AbortSignal,
): Promise<AnchorPlan> {
  const units = groups.map(({ firstFrame, frameCount, startsScene }) => ({
    middle: firstFrame + frameCount / 2,
    frameCount,
    startsScene,
  }));
  return planAnchors(source, units, Math.min(limit, Math.ceil(groups.length / GROUPS_AN_ANCHOR)), signal);
}

/** Anchor frames of the paper profile, `uniform` where the choice is that: it has the first and last frame. */
export async function chooseAnchorFrames(
  source: AnchorSource,
  groups: readonly PlannedGroup[],
  uniform: readonly number[],
  signal?: AbortSignal,
): Promise<readonly number[]> {
  if (source.choice === "uniform") return uniform;
  const frames = groups.flatMap(({ firstFrame, frameCount, startsScene }) =>
    Array.from({ length: frameCount }, (_, i) => ({
      middle: firstFrame + i,
      frameCount: 1,
      startsScene: startsScene && i === 0,
    })),
  );
  const stride = source.choice === "content" ? Math.ceil(frames.length / MAX_CANDIDATES) : 1;
  const units = frames.filter((_, i) => i % stride === 0).map((unit) => ({ ...unit, frameCount: stride }));
  const { anchors } = await planAnchors(source, units, uniform.length, signal);
  return anchors.map((unit) => unit * stride);
}

async function planAnchors(
  source: AnchorSource,
  units: readonly AnchorUnit[],
  count: number,
  signal?: AbortSignal,
): Promise<AnchorPlan> {
  const { choice } = source;
  if (choice === "uniform") return uniformAnchors(units, count);
  if (choice === "scenes") return sceneAnchors(units, count);
  if (choice !== "content") return namedAnchors(units, choice);
  return contentAnchors(units, count, await thumbnails(source, units, signal));
}

/** The mean picture of each unit, R'G'B' of 0 to 255: [height, width, 3]. Units follow each other without gaps. */
async function thumbnails(
  { info, input, from, to }: AnchorSource,
  units: readonly AnchorUnit[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const frameCount = units.reduce((sum, unit) => sum + unit.frameCount, 0);
  const means: Float32Array[] = [];
  let left = 0;
  for await (const frame of readFrames(input, info, {
    ...THUMBNAIL,
    from,
    to,
    firstFrame: 0,
    frameCount,
    signal,
  })) {
    if (left === 0) {
      left = units[means.length].frameCount;
      means.push(new Float32Array(frame.length));
    }
    left--;
    const mean = means[means.length - 1];
    const share = 1 / units[means.length - 1].frameCount;
    for (let i = 0; i < frame.length; i++) mean[i] += frame[i] * share;
  }
  return means;
}
