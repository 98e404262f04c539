import { invalidOption } from "../errors.js";

/** How anchors are chosen, or their indices: of groups in the tile profile, of frames in the paper profile. */
export type AnchorChoice = "uniform" | "scenes" | "content" | readonly number[];

/** A group or frame that may become an anchor. */
export interface AnchorCandidate {
  /** Position of its middle in frames. */
  readonly middle: number;
  readonly frameCount: number;
  /** Whether it begins with a scene cut. */
  readonly startsScene: boolean;
}

/** The anchors of a video, and the anchor that each candidate's training starts from. */
export interface AnchorPlan {
  /** Indices of candidates, ascending. */
  readonly anchors: readonly number[];
  /** For each candidate, the anchor whose weights its training starts from. */
  readonly warmStartAnchor: readonly number[];
}

/** Maximum number of candidates for a choice by content, whose run time is quadratic in this number. */
export const MAX_CANDIDATES = 512;

/** Returns up to `count` evenly spaced anchors. Every candidate starts from the anchor nearest in time. */
export function uniformAnchors(candidates: readonly AnchorCandidate[], count: number): AnchorPlan {
  return nearestInTime(candidates, evenlySpaced(0, candidates.length, count));
}

/**
 * Returns up to `count` anchors, allotted one by one to the scene with the most frames per anchor (the D'Hondt method) and
 * evenly spaced within each scene. A candidate starts from the nearest anchor of its scene, or of the video if its scene
 * has none.
 */
export function sceneAnchors(candidates: readonly AnchorCandidate[], count: number): AnchorPlan {
  const scenes = scenesOf(candidates);
  const allotted = scenes.map(() => 0);
  for (let n = 0; n < count; n++) {
    let best = 0;
    const framesPerAnchor = (scene: number) => scenes[scene].frames / (allotted[scene] + 1);
    for (let scene = 1; scene < scenes.length; scene++)
      if (framesPerAnchor(scene) > framesPerAnchor(best)) best = scene;
    allotted[best]++;
  }
  const anchorsByScene = scenes.map(({ first, end }, scene) => evenlySpaced(first, end, allotted[scene]));
  const anchors = [...new Set(anchorsByScene.flat())];
  const warmStartAnchor = scenes.flatMap(({ first, end }, scene) =>
    candidates
      .slice(first, end)
      .map((candidate) =>
        nearest(candidates, anchorsByScene[scene].length > 0 ? anchorsByScene[scene] : anchors, candidate),
      ),
  );
  return { anchors, warmStartAnchor };
}

/**
 * Returns up to `count` anchors that are most similar to all other candidates: k-medoids over thumbnails, initialized
 * greedily (Kaufman and Rousseeuw 1990), then alternating between assignment and update until the cost no longer falls
 * (Park and Jun 2009). A candidate starts from the anchor that is most similar to it.
 *
 * @param thumbnails one vector per candidate, all of the same length
 */
export function contentAnchors(
  candidates: readonly AnchorCandidate[],
  count: number,
  thumbnails: readonly Float32Array[],
): AnchorPlan {
  const stride = Math.ceil(candidates.length / MAX_CANDIDATES);
  const sampled = candidates.map((_, i) => i).filter((i) => i % stride === 0);
  const distances = sampled.map((a) =>
    Float64Array.from(sampled, (b) => distance(thumbnails[a], thumbnails[b]) * candidates[b].frameCount),
  );
  const anchors = refineMedoids(distances, greedyMedoids(distances, count))
    .map((medoid) => sampled[medoid])
    .sort((a, b) => a - b);
  const warmStartAnchor = candidates.map((_, i) =>
    argmin(anchors, (anchor) => distance(thumbnails[anchor], thumbnails[i])),
  );
  return { anchors, warmStartAnchor };
}

/** Adds medoids one by one, each time the candidate that lowers the cost most. distances: [n][n]. */
function greedyMedoids(distances: readonly Float64Array[], count: number): number[] {
  const medoids: number[] = [];
  let nearestDistance = new Float64Array(distances.length).fill(Number.POSITIVE_INFINITY);
  while (medoids.length < Math.min(count, distances.length)) {
    const remaining = distances.map((_, i) => i).filter((i) => !medoids.includes(i));
    const best = argmin(remaining, (i) => sum(distances[i].map((d, j) => Math.min(d, nearestDistance[j]))));
    medoids.push(best);
    nearestDistance = nearestDistance.map((d, i) => Math.min(d, distances[best][i]));
  }
  return medoids;
}

/**
 * Assigns candidates to their nearest medoid and moves each medoid to its cluster's center until the cost no longer
 * falls.
 */
function refineMedoids(distances: readonly Float64Array[], initial: readonly number[]): readonly number[] {
  let medoids = initial;
  for (;;) {
    const clusters = new Map(medoids.map((medoid) => [medoid, [] as number[]]));
    for (let i = 0; i < distances.length; i++) {
      const medoid = medoids.includes(i) ? i : argmin(medoids, (candidate) => distances[candidate][i]);
      clusters.get(medoid)!.push(i);
    }
    const next = [...clusters.values()].map((cluster) =>
      argmin(cluster, (i) => sum(cluster.map((member) => distances[i][member]))),
    );
    if (clusteringCost(distances, next) >= clusteringCost(distances, medoids) - 1e-9) return medoids;
    medoids = next;
  }
}

/**
 * Returns the anchors of the given indices. Every candidate starts from the anchor nearest in time.
 *
 * @throws EncoderError `bad-option` if an index is out of range
 */
export function explicitAnchors(
  candidates: readonly AnchorCandidate[],
  named: readonly number[],
): AnchorPlan {
  for (const index of named) {
    if (!(index < candidates.length))
      throw invalidOption("anchorChoice", `a list of indices from 0 to ${candidates.length - 1}`, index);
  }
  return nearestInTime(
    candidates,
    [...new Set(named)].sort((a, b) => a - b),
  );
}

/** Lets every candidate start from the anchor nearest in time. */
function nearestInTime(candidates: readonly AnchorCandidate[], anchors: readonly number[]): AnchorPlan {
  return { anchors, warmStartAnchor: candidates.map((candidate) => nearest(candidates, anchors, candidate)) };
}

/** Returns the anchor nearest in time to a candidate. */
function nearest(
  candidates: readonly AnchorCandidate[],
  anchors: readonly number[],
  { middle }: AnchorCandidate,
): number {
  return argmin(anchors, (anchor) => Math.abs(candidates[anchor].middle - middle));
}

/** Returns up to `count` evenly spaced integers from `first` to `end` (exclusive). */
function evenlySpaced(first: number, end: number, count: number): number[] {
  const length = Math.min(count, end - first);
  return Array.from({ length }, (_, i) => first + Math.floor(((i + 0.5) * (end - first)) / length));
}

/** Returns the ranges of candidates that form a scene: from `first` to `end` (exclusive). */
function scenesOf(candidates: readonly AnchorCandidate[]) {
  const scenes: { first: number; end: number; frames: number }[] = [];
  candidates.forEach(({ startsScene, frameCount }, i) => {
    if (startsScene || i === 0) scenes.push({ first: i, end: i, frames: 0 });
    const scene = scenes[scenes.length - 1];
    scene.end = i + 1;
    scene.frames += frameCount;
  });
  return scenes;
}

/** Returns the root mean square difference of two vectors. */
function distance(a: Float32Array, b: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i] - b[i]) ** 2;
  return Math.sqrt(squares / a.length);
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

/** Returns the sum of the distances to the nearest medoid. */
const clusteringCost = (distances: readonly Float64Array[], medoids: readonly number[]): number =>
  sum(distances.map((_, i) => Math.min(...medoids.map((medoid) => distances[medoid][i]))));

/** Returns the index with the smallest value, or the first of several. */
function argmin(indices: readonly number[], value: (index: number) => number): number {
  let best = indices[0];
  let lowest = value(best);
  for (let i = 1; i < indices.length; i++) {
    const current = value(indices[i]);
    if (current < lowest) [best, lowest] = [indices[i], current];
  }
  return best;
}
