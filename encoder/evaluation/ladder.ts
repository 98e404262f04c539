/** A picture size in pixels. */
export interface RungSize {
  readonly width: number;
  readonly height: number;
}

/** Shorter sides of the sizes that a ladder stores (HLS Authoring Specification for Apple Devices, video tiers). */
const SHORTER_SIDES = [2160, 1440, 1080, 720, 540, 432, 360, 234];

/** The sizes, largest first, that a ladder would store of a video of this size: its own and all tiers below. */
export function ladderSizes({ width, height }: RungSize): RungSize[] {
  const shorter = Math.min(width, height);
  const even = (side: number) => 2 * Math.round(side / 2);
  return [
    { width, height },
    ...SHORTER_SIDES.filter((side) => side < shorter).map((side) => ({
      width: even((width * side) / shorter),
      height: even((height * side) / shorter),
    })),
  ];
}
