import type { Size } from "../geometry/size.js";

/** Returns the index of the smallest level that covers the requested size, else of the largest; -1 without levels. */
export function nearestLevel(levels: readonly Size[], requested: Size): number {
  let best = -1;
  const area = (index: number) => levels[index]!.width * levels[index]!.height;
  const covers = (index: number) =>
    levels[index]!.width >= requested.width && levels[index]!.height >= requested.height;
  for (let index = 0; index < levels.length; index++) {
    if (best < 0) best = index;
    else if (covers(index) !== covers(best)) best = covers(index) ? index : best;
    else if (covers(index) ? area(index) < area(best) : area(index) > area(best)) best = index;
  }
  return best;
}
