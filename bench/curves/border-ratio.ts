/** Yields the frames unchanged and adds to `changes` the mean squared difference of each frame from the one before it. */
export async function* recordChanges(
  frames: AsyncIterable<Uint8Array>,
  bytesPerPixel: 3 | 4,
  changes: number[],
): AsyncGenerator<Uint8Array> {
  let previous: Uint8Array | undefined;
  for await (const frame of frames) {
    if (previous !== undefined) changes.push(meanSquaredDifference(previous, frame, bytesPerPixel));
    previous = Uint8Array.from(frame);
    yield frame;
  }
}

function meanSquaredDifference(a: Uint8Array, b: Uint8Array, bytesPerPixel: number): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += bytesPerPixel) {
    for (let channel = at; channel < at + 3; channel++) sum += (a[channel] - b[channel]) ** 2;
  }
  return sum / ((a.length / bytesPerPixel) * 3);
}

/** Changes from frame to frame of the decoded and the source frames, mean squared; entry i is from frame i to i + 1. */
export interface Changes {
  readonly decoded: readonly number[];
  readonly source: readonly number[];
}

/**
 * Returns the RMS change across the borders of groups relative to that inside groups, divided by the same ratio of the source.
 * 1 means that borders are as visible as in the source. Scene cuts do not count.
 *
 * @param starts first frames of the groups
 * @param cuts first frames of scenes
 * @returns undefined if no border lies inside a scene
 */
export function borderRatio(
  { decoded, source }: Changes,
  starts: readonly number[],
  cuts: readonly number[],
): number | undefined {
  const borders = new Set(starts.filter((frame) => frame > 0));
  const scenes = new Set(cuts);
  const ratio = (changes: readonly number[]) => {
    const rms = (atBorder: boolean) => {
      const selected = changes.filter((_, i) => !scenes.has(i + 1) && borders.has(i + 1) === atBorder);
      return Math.sqrt(selected.reduce((sum, change) => sum + change, 0) / selected.length);
    };
    return rms(true) / rms(false);
  };
  const result = ratio(decoded) / ratio(source);
  return Number.isFinite(result) ? result : undefined;
}
