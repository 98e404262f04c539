import type { PartEntry } from "../asset/spans.js";
import { concatenate } from "../bytes/concatenate.js";
import { SieddError } from "../errors.js";
import type { TileNetwork } from "../network/definition.js";
import { type ExpectedGroup, namingGroup, readPart, writePart } from "./payload.js";
import type { QuantizedPart } from "./quantize.js";

/** The size of a part in the sample of a group. */
export interface PartSize {
  readonly level: number;
  /** Bytes. */
  readonly size: number;
}

/** The sample of one group: the spans that begin with it, and the networks that cover only this group. */
export interface GroupSample {
  readonly bytes: Uint8Array;
  /** The parts with a level above 0, longest first. They are at the start of `bytes`. */
  readonly longParts: readonly PartSize[];
}

/**
 * Serializes the sample of one group.
 *
 * @param parts the parts that begin with this group, by falling level. The last one has level 0 and holds all tiles that no
 *   span covers, neither one of these nor one of an earlier group; there may be none.
 */
export function writeParts(network: TileNetwork, parts: readonly QuantizedPart[]): GroupSample {
  const written = parts.map((part) => {
    if (part.level > 0) return writePart(network, part, "map");
    const coversAll = part.indices.length === network.rows * network.columns;
    return coversAll ? writePart(network, part, "all") : writePart(network, part, part.indices);
  });
  const sizes = parts.map(({ level }, i) => ({ level, size: written[i].length }));
  return { bytes: concatenate(written), longParts: sizes.filter(({ level }) => level > 0) };
}

/** What a reader knows of a group and of its parts before it reads the payload. */
export interface ExpectedGroupParts extends ExpectedGroup {
  /** By falling level; undefined if the payload is one part, which covers all tiles. */
  readonly parts?: readonly PartEntry[];
}

/** Parts that were opened before, for groups that share them. */
export interface PartCache<P> {
  /** Returns the part that was opened from the same bytes. Throws SieddError `corrupt-group` if the bytes are damaged. */
  get(entry: PartEntry, bytes: Uint8Array): P | undefined;
  set(entry: PartEntry, bytes: Uint8Array, part: P): void;
}

/**
 * Parses the payload of a group, as `asset.readGroup` returns it, into parts by falling level.
 *
 * @param open converts a part; its result is what `cache` keeps
 * @throws SieddError `corrupt-group`, whose message has the index; `unsupported-version`.
 */
export function readParts<P extends Pick<QuantizedPart, "indices">>(
  network: TileNetwork,
  { index, frameCount, maxValues, parts }: ExpectedGroupParts,
  payload: Uint8Array,
  open: (part: QuantizedPart) => P,
  cache?: PartCache<P>,
): P[] {
  const limit = maxValues === undefined ? {} : { maxValues };
  return namingGroup(index, () => {
    if (parts === undefined) {
      return [open(readPart(network, { frameCount, ...limit, level: 0, tiles: "all" }, payload))];
    }
    const uncovered = new Set(Array.from({ length: network.rows * network.columns }, (_, tile) => tile));
    return splitPayload(parts, payload).map(({ entry, bytes }) => {
      const { level } = entry;
      const expected = { frameCount: entry.frameCount, ...limit, level };
      let part = level > 0 ? cache?.get(entry, bytes) : undefined;
      if (part === undefined) {
        const tiles = level > 0 ? "map" : [...uncovered];
        part = open(readPart(network, { ...expected, tiles }, bytes));
        if (level > 0) cache?.set(entry, bytes, part);
      }
      for (const tile of part.indices) {
        if (!uncovered.delete(tile))
          throw new SieddError("corrupt-group", `two of its parts contain tile ${tile}`);
      }
      return part;
    });
  });
}

function splitPayload(
  parts: readonly PartEntry[],
  payload: Uint8Array,
): { readonly entry: PartEntry; readonly bytes: Uint8Array }[] {
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  if (payload.length !== total) {
    throw new SieddError(
      "corrupt-group",
      `its payload has ${payload.length} bytes, the index says ${total}; read it with readGroup of the asset`,
    );
  }
  let end = 0;
  return parts.map((entry) => {
    end += entry.size;
    return { entry, bytes: payload.subarray(end - entry.size, end) };
  });
}
