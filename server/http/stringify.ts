import { setImmediate as nextTurn } from "node:timers/promises";

/** Items of an array that are serialized without a pause, in a few milliseconds. */
const SLICE_ITEMS = 8192;

/**
 * Serializes an object as `JSON.stringify` does, and lets other work run while it serializes long arrays among its values,
 * such as the groups of a video of many hours.
 */
export async function stringify(object: object): Promise<string> {
  const members: string[] = [];
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const json = Array.isArray(value) ? await stringifyArray(value) : JSON.stringify(value);
    members.push(`${JSON.stringify(key)}:${json}`);
  }
  return `{${members.join()}}`;
}

async function stringifyArray(items: readonly unknown[]): Promise<string> {
  const slices: string[] = [];
  for (let from = 0; from < items.length; from += SLICE_ITEMS) {
    if (from > 0) await nextTurn();
    slices.push(JSON.stringify(items.slice(from, from + SLICE_ITEMS)).slice(1, -1));
  }
  return `[${slices.join()}]`;
}
