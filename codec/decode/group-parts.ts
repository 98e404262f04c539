import type { GroupEntry } from "../asset/asset.js";
import type { PartEntry } from "../asset/spans.js";
import { type PartCache, readParts } from "../group/parts.js";
import { checkedBody } from "../group/payload.js";
import { dequantize } from "../group/quantize.js";
import type { PartWeights } from "../group/weights.js";
import type { TileNetwork } from "../network/definition.js";
import { displacement, type Motion } from "./displacement.js";
import { expectedGroup } from "./viewport.js";

/** A part of a group, prepared for a decoder. */
export type OpenedPart = Motion & Pick<PartWeights<Float32Array>, "indices" | "frameCount">;

/** An opened group of the tile profile: parts that together cover all tiles, each over a span of frames. */
export interface OpenedGroup<P extends OpenedPart> {
  readonly index: number;
  readonly frameCount: number;
  /** Whether its first frame begins a scene. */
  readonly startsScene: boolean;
  readonly parts: readonly PlacedPart<P>[];
  /** Index in `parts` of the part that holds each tile of the frame. */
  readonly partOf: Uint8Array;
  /** Index of each tile of the frame within its part. */
  readonly tileIn: Uint32Array;
}

/** A part of an opened group. Groups in the same span share it. */
export interface PlacedPart<P> {
  readonly part: P;
  /** Frame of the span with which the group begins. */
  readonly start: number;
}

/** Returns the time inputs of a network: t, sin(pi t / 2), cos(pi t / 2), at a frame of its group. */
export function timeFeatures(
  { part, start }: PlacedPart<{ readonly frameCount: number }>,
  frame: number,
): readonly [number, number, number] {
  const t = (2 * (start + frame) + 1) / part.frameCount - 1;
  return [t, Math.sin((Math.PI * t) / 2), Math.cos((Math.PI * t) / 2)];
}

/** Returns the displacement of a tile of the frame, see `displacement`. */
export function tileDisplacement(
  group: OpenedGroup<OpenedPart>,
  tile: number,
  frame: number,
  axis: number,
): number {
  const { part, start } = group.parts[group.partOf[tile]];
  return displacement(part, group.tileIn[tile], start + frame, axis);
}

/** What a PartLoader needs of an asset. */
export interface PartLoaderAsset {
  readonly network: TileNetwork;
  readonly groups: readonly GroupEntry[];
}

/**
 * Opens groups of one asset. A part that covers several groups is opened once while one of the groups that share it is in
 * memory.
 */
export class PartLoader<P extends OpenedPart> {
  readonly #asset: PartLoaderAsset;
  readonly #open: (part: PartWeights<Float32Array>) => P;
  readonly #cache = new WeakPartCache<P>();

  /** @param open prepares a part for the decoder */
  constructor(asset: PartLoaderAsset, open: (part: PartWeights<Float32Array>) => P) {
    this.#asset = asset;
    this.#open = open;
  }

  /**
   * Opens the payload of a group, as `asset.readGroup` returns it.
   * @throws SieddError `corrupt-group`, `bad-request`, `unsupported-version`.
   */
  load(index: number, payload: Uint8Array): OpenedGroup<P> {
    const { network, groups } = this.#asset;
    const expected = expectedGroup(groups, index);
    let startsScene = false;
    const opened = readParts(
      network,
      expected,
      payload,
      (part) => {
        startsScene = part.startsScene ?? false;
        return this.#open(dequantize(part));
      },
      this.#cache,
    );
    const partOf = new Uint8Array(network.rows * network.columns);
    const tileIn = new Uint32Array(partOf.length);
    for (const [p, { indices }] of opened.entries()) {
      for (const [i, tile] of indices.entries()) {
        partOf[tile] = p;
        tileIn[tile] = i;
      }
    }
    const { firstFrame } = groups[index];
    const parts = opened.map((part, p) => ({
      part,
      start: firstFrame - (expected.parts?.[p].firstFrame ?? firstFrame),
    }));
    return { index, frameCount: expected.frameCount, startsScene, parts, partOf, tileIn };
  }
}

/** Keeps parts for as long as something else refers to them, so that it takes no memory. */
class WeakPartCache<P extends object> implements PartCache<P> {
  readonly #parts = new Map<string, WeakRef<P>>();

  get(entry: PartEntry, bytes: Uint8Array): P | undefined {
    checkedBody(bytes);
    return this.#parts.get(partKey(entry, bytes))?.deref();
  }

  set(entry: PartEntry, bytes: Uint8Array, part: P): void {
    for (const [key, kept] of this.#parts) if (kept.deref() === undefined) this.#parts.delete(key);
    this.#parts.set(partKey(entry, bytes), new WeakRef(part));
  }
}

/** The position of a part, and its checksum: an encoder opens several versions of the same part. */
const partKey = ({ group, level }: PartEntry, bytes: Uint8Array): string =>
  [group, level, bytes.length, ...bytes.subarray(-4)].join(" ");
