/** Motion of the tiles of a group. */
export interface Motion {
  readonly frameCount: number;
  /** [tiles, frames, 2], tile-local units. */
  readonly motion: Float32Array;
}

/**
 * Returns the displacement of a tile at a frame, in tile-local units. A fractional frame, or one outside the
 * group, is interpolated or extrapolated linearly.
 * @param axis 0 for u, 1 for v
 */
export function displacement(group: Motion, tile: number, frame: number, axis: number): number {
  const { frameCount, motion } = group;
  const start = tile * frameCount * 2 + axis;
  const previous = Math.max(0, Math.min(frameCount - 2, Math.floor(frame)));
  const value = motion[start + previous * 2];
  if (frame === previous || frameCount === 1) return value;
  return value + (motion[start + previous * 2 + 2] - value) * (frame - previous);
}
