import type { SizeLimits } from "../../protocol/size-limits.js";
import type { SourceSize } from "./region.js";
import { canonicalSize, type SizeRequest } from "./size.js";

// Ratio of neighboring widths: a step that is hardly seen, and at most about twenty levels.
const STEP = 2 ** (-1 / 3);

/**
 * The sizes that a master playlist offers besides the exact one, largest first: from the source downwards,
 * widths in multiples of 16 so that viewers share what was computed. Nothing of it is stored.
 */
export function virtualLadder(region: SourceSize, largest: SourceSize, limits: SizeLimits): SizeRequest[] {
  const sizes: SizeRequest[] = [canonicalSize(largest, region)];
  const shape = region.height / region.width;
  for (let width = largest.width * STEP; ; width *= STEP) {
    const stepped = 16 * Math.round(width / 16);
    const size = { width: stepped, height: 2 * Math.round((stepped * shape) / 2) };
    if (stepped < Math.max(limits.minSide, 96) || size.height < limits.minSide) break;
    if (size.width < sizes.at(-1)!.width) sizes.push(canonicalSize(size, region));
  }
  return sizes;
}
