/** How the tiles of a group move. */
export interface Motion {
  readonly frameCount: number;
  /** [tiles, frames, 2], tile-local units. */
  readonly motion: Float32Array;
}

/** Of a tile at a frame: between two frames and outside the group along a straight line. axis: 0 for u, 1 for v. */
export function displacement(group: Motion, tile: number, frame: number, axis: number): number {
  const { frameCount, motion } = group;
  const at = tile * frameCount * 2 + axis;
  const before = Math.max(0, Math.min(frameCount - 2, Math.floor(frame)));
  const here = motion[at + before * 2];
  if (frame === before || frameCount === 1) return here;
  return here + (motion[at + before * 2 + 2] - here) * (frame - before);
}
