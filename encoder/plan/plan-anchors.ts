import { type ProbeResult, readFrames } from "../../media/index.js";
import {
  type AnchorCandidate,
  type AnchorChoice,
  type AnchorPlan,
  contentAnchors,
  explicitAnchors,
  MAX_CANDIDATES,
  sceneAnchors,
  uniformAnchors,
} from "./anchors.js";
import type { PlannedGroup } from "./groups.js";

/** Size of the thumbnails for comparing content, in pixels. */
const THUMBNAIL_SIZE = { width: 32, height: 18 };

/** The video that anchors are chosen from, and how. */
export interface AnchorSource {
  readonly info: ProbeResult;
  readonly input: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly choice: AnchorChoice;
}

const GROUPS_PER_ANCHOR = 5;

/**
 * Chooses one in five groups, up to `maxAnchors`, as anchors of the tile profile. Reads frames only to choose by content.
 */
export function planAnchorGroups(
  source: AnchorSource,
  groups: readonly PlannedGroup[],
  maxAnchors: number,
  signal?: AbortSignal,
): Promise<AnchorPlan> {
  const candidates = groups.map(({ firstFrame, frameCount, startsScene }) => ({
    middle: firstFrame + frameCount / 2,
    frameCount,
    startsScene,
  }));
  return planAnchors(
    source,
    candidates,
    Math.min(maxAnchors, Math.ceil(groups.length / GROUPS_PER_ANCHOR)),
    signal,
  );
}

/**
 * Chooses anchor frames for the paper profile.
 *
 * @param uniform the anchors of the choice "uniform", which include the first and the last frame; other choices return as
 *   many
 */
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
  const candidates = frames
    .filter((_, i) => i % stride === 0)
    .map((candidate) => ({ ...candidate, frameCount: stride }));
  const { anchors } = await planAnchors(source, candidates, uniform.length, signal);
  return anchors.map((candidate) => candidate * stride);
}

async function planAnchors(
  source: AnchorSource,
  candidates: readonly AnchorCandidate[],
  count: number,
  signal?: AbortSignal,
): Promise<AnchorPlan> {
  const { choice } = source;
  if (choice === "uniform") return uniformAnchors(candidates, count);
  if (choice === "scenes") return sceneAnchors(candidates, count);
  if (choice !== "content") return explicitAnchors(candidates, choice);
  return contentAnchors(candidates, count, await thumbnails(source, candidates, signal));
}

/**
 * Returns the mean frame of each candidate as R'G'B' of 0 to 255, [height, width, 3]. Candidates must be consecutive and
 * begin at frame 0.
 */
async function thumbnails(
  { info, input, from, to }: AnchorSource,
  candidates: readonly AnchorCandidate[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const frameCount = candidates.reduce((sum, candidate) => sum + candidate.frameCount, 0);
  const means: Float32Array[] = [];
  let remaining = 0;
  const range = { from, to, firstFrame: 0, frameCount };
  for await (const frame of readFrames(input, info, { ...THUMBNAIL_SIZE, ...range, signal })) {
    if (remaining === 0) {
      remaining = candidates[means.length].frameCount;
      means.push(new Float32Array(frame.length));
    }
    remaining--;
    const mean = means[means.length - 1];
    const share = 1 / candidates[means.length - 1].frameCount;
    for (let i = 0; i < frame.length; i++) mean[i] += frame[i] * share;
  }
  return means;
}
