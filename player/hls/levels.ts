import type { Size } from "../geometry/size.js";

/** The smallest level that has the pixels wanted, else the largest; -1 where there is none. */
export function nearestLevel(levels: readonly Size[], wanted: Size): number {
  let best = -1;
  const area = (index: number) => levels[index]!.width * levels[index]!.height;
  const covers = (index: number) =>
    levels[index]!.width >= wanted.width && levels[index]!.height >= wanted.height;
  for (let index = 0; index < levels.length; index++) {
    if (best < 0) best = index;
    else if (covers(index) !== covers(best)) best = covers(index) ? index : best;
    else if (covers(index) ? area(index) < area(best) : area(index) > area(best)) best = index;
  }
  return best;
}
