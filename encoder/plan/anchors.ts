import { invalidOption } from "../errors.js";

/** How anchors are chosen; numbers name them: groups in the tile profile, frames in the paper profile. */
export type AnchorChoice = "uniform" | "scenes" | "content" | readonly number[];

/** What may become an anchor: a group, or a frame. */
export interface AnchorUnit {
  /** Frame in its middle. */
  readonly middle: number;
  readonly frameCount: number;
  readonly startsScene: boolean;
}

export interface AnchorPlan {
  /** Indices of units, ascending. */
  readonly anchors: readonly number[];
  /** Of each unit, the anchor that it starts from. */
  readonly warmStartAnchor: readonly number[];
}

/** Candidates for an anchor by content at most: the search takes the square of their number. */
export const MAX_CANDIDATES = 512;

/** At most `count` evenly spaced anchors; every unit starts from the one nearest in time. */
export function uniformAnchors(units: readonly AnchorUnit[], count: number): AnchorPlan {
  return nearestInTime(units, spread(0, units.length, count));
}

/**
 * Anchors in the middle of scenes. Each in turn goes to the scene with the most frames an anchor (d'Hondt's
 * method); a scene's are evenly spaced in it. A unit starts from the nearest of its own scene, if there is one.
 */
export function sceneAnchors(units: readonly AnchorUnit[], count: number): AnchorPlan {
  const scenes = scenesOf(units);
  const given = scenes.map(() => 0);
  for (let n = 0; n < count; n++) {
    let best = 0;
    const share = (scene: number) => scenes[scene].frames / (given[scene] + 1);
    for (let scene = 1; scene < scenes.length; scene++) if (share(scene) > share(best)) best = scene;
    given[best]++;
  }
  const bySceneIndex = scenes.map(({ first, end }, scene) => spread(first, end, given[scene]));
  const anchors = [...new Set(bySceneIndex.flat())];
  const warmStartAnchor = scenes.flatMap(({ first, end }, scene) =>
    units
      .slice(first, end)
      .map((unit) => nearest(units, bySceneIndex[scene].length > 0 ? bySceneIndex[scene] : anchors, unit)),
  );
  return { anchors, warmStartAnchor };
}

/**
 * Anchors that look most like all the others: k-medoids over thumbnails, first greedily, then by assigning and
 * choosing again until nothing changes (Kaufman and Rousseeuw 1990, Park and Jun 2009). A unit starts from the
 * anchor that it looks most like. `thumbnails` are vectors of one length, one a unit.
 */
export function contentAnchors(
  units: readonly AnchorUnit[],
  count: number,
  thumbnails: readonly Float32Array[],
): AnchorPlan {
  const stride = Math.ceil(units.length / MAX_CANDIDATES);
  const candidates = units.map((_, i) => i).filter((i) => i % stride === 0);
  const apart = candidates.map((a) =>
    Float64Array.from(candidates, (b) => distance(thumbnails[a], thumbnails[b]) * units[b].frameCount),
  );
  let medoids: number[] = [];
  let cost = new Float64Array(candidates.length).fill(Number.POSITIVE_INFINITY);
  while (medoids.length < Math.min(count, candidates.length)) {
    const open = candidates.map((_, c) => c).filter((c) => !medoids.includes(c));
    const best = min(open, (c) => sum(apart[c].map((d, i) => Math.min(d, cost[i]))));
    medoids.push(best);
    cost = cost.map((d, i) => Math.min(d, apart[best][i]));
  }
  for (let changed = true; changed; ) {
    const members = new Map(medoids.map((medoid) => [medoid, [] as number[]]));
    for (let c = 0; c < candidates.length; c++) {
      const own = medoids.includes(c) ? c : min(medoids, (medoid) => apart[medoid][c]);
      members.get(own)!.push(c);
    }
    const next = [...members.values()].map((cluster) =>
      min(cluster, (c) => sum(cluster.map((member) => apart[c][member]))),
    );
    changed = total(apart, next) < total(apart, medoids) - 1e-9;
    if (changed) medoids = next;
  }
  const anchors = medoids.map((c) => candidates[c]).sort((a, b) => a - b);
  const warmStartAnchor = units.map((_, i) =>
    min(anchors, (anchor) => distance(thumbnails[anchor], thumbnails[i])),
  );
  return { anchors, warmStartAnchor };
}

/** The anchors named. Throws EncoderError `bad-option` for one that is not there. */
export function namedAnchors(units: readonly AnchorUnit[], named: readonly number[]): AnchorPlan {
  for (const index of named) {
    if (!(index < units.length))
      throw invalidOption("--anchor-choice", `of numbers up to ${units.length - 1}`, index);
  }
  return nearestInTime(
    units,
    [...new Set(named)].sort((a, b) => a - b),
  );
}

function nearestInTime(units: readonly AnchorUnit[], anchors: readonly number[]): AnchorPlan {
  return { anchors, warmStartAnchor: units.map((unit) => nearest(units, anchors, unit)) };
}

function nearest(units: readonly AnchorUnit[], anchors: readonly number[], { middle }: AnchorUnit): number {
  return min(anchors, (anchor) => Math.abs(units[anchor].middle - middle));
}

function spread(first: number, end: number, count: number): number[] {
  const among = Math.min(count, end - first);
  return Array.from({ length: among }, (_, i) => first + Math.floor(((i + 0.5) * (end - first)) / among));
}

function scenesOf(units: readonly AnchorUnit[]) {
  const scenes: { first: number; end: number; frames: number }[] = [];
  units.forEach(({ startsScene, frameCount }, i) => {
    if (startsScene || i === 0) scenes.push({ first: i, end: i, frames: 0 });
    const scene = scenes[scenes.length - 1];
    scene.end = i + 1;
    scene.frames += frameCount;
  });
  return scenes;
}

/** Root of the mean squared difference. */
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

const total = (apart: readonly Float64Array[], medoids: readonly number[]): number =>
  sum(apart.map((_, i) => Math.min(...medoids.map((medoid) => apart[medoid][i]))));

/** The first of those with the least value. */
function min(among: readonly number[], value: (index: number) => number): number {
  let best = among[0];
  let lowest = value(best);
  for (let i = 1; i < among.length; i++) {
    const found = value(among[i]);
    if (found < lowest) [best, lowest] = [among[i], found];
  }
  return best;
}
