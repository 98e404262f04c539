import type { Random } from "../../encoder/training/sampling/random.js";
import { type BoxNode, findBoxes } from "./box-tree.js";

/** Bytes before those of the groups in `sivS`: their number. */
const COUNT_BYTES = 4;

/**
 * Changes the spans of an asset: the position or the levels of a group, or the size of a span, which moves the border between
 * two parts.
 */
export function changeSpans(nodes: readonly BoxNode[], random: Random): void {
  const below = (count: number) => (random.int32() >>> 0) % count;
  for (const { bytes } of findBoxes(nodes, "sivS")) {
    if (bytes.length <= COUNT_BYTES) continue;
    const groups = Math.min(bytes.readUInt32BE(0), bytes.length - COUNT_BYTES);
    const sizes = Math.floor((bytes.length - COUNT_BYTES - groups) / 4);
    if (sizes > 0 && random.uniform() < 0.5) {
      const at = COUNT_BYTES + groups + 4 * below(sizes);
      bytes.writeUInt32BE((bytes.readUInt32BE(at) + below(64) - 32) >>> 0, at);
    } else if (groups > 0) {
      bytes[COUNT_BYTES + below(groups)] ^= 1 << below(7);
    }
  }
}
