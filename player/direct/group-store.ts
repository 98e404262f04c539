import type { TileAsset } from "../../codec/internal.js";
import type { AudioRemuxer } from "./audio-remuxer.js";
import type { RangeSource } from "./range-source.js";

/** One group as it came: its decoders, coded, and the sound beneath it. */
export interface StoredGroup {
  readonly payload: Uint8Array;
  readonly packets: readonly Uint8Array[];
}

/** Bytes of coded groups kept: a quarter of an hour at 60 kB a second. What is kept costs no request again. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** Bytes between two groups that are fetched along; more than that is not their sound. */
const MAX_BETWEEN = 2 * 1024 * 1024;

/** Groups of a video, each fetched in one request together with its sound, and kept. */
export class GroupStore {
  readonly #asset: TileAsset;
  readonly #source: RangeSource;
  readonly #audio: AudioRemuxer;
  readonly #kept = new Map<number, StoredGroup>();
  readonly #coming = new Map<number, Promise<StoredGroup>>();
  #bytes = 0;

  constructor(asset: TileAsset, source: RangeSource, audio: AudioRemuxer) {
    this.#asset = asset;
    this.#source = source;
    this.#audio = audio;
  }

  get(group: number): StoredGroup | undefined {
    return this.#kept.get(group);
  }

  /** Groups on their way. */
  get fetching(): number {
    return this.#coming.size;
  }

  isComing(group: number): boolean {
    return this.#coming.has(group);
  }

  /** Fetches a group, or joins the request that is under way. `playing`: the group not to forget for it. */
  fetch(group: number, playing: number): Promise<StoredGroup> {
    const kept = this.#kept.get(group);
    if (kept !== undefined) return Promise.resolve(kept);
    const coming = this.#coming.get(group) ?? this.#read(group, playing);
    this.#coming.set(group, coming);
    return coming;
  }

  async #read(group: number, playing: number): Promise<StoredGroup> {
    const { offset, size } = this.#asset.groups[group]!;
    const end = this.#asset.groups[group + 1]?.offset ?? this.#asset.bytes;
    const between = end - offset - size;
    const stored = this.#asset.audio.length > 0 && between >= 0 && between <= MAX_BETWEEN;
    try {
      await this.#source.keep(offset, stored ? end - offset : size);
      const [payload, packets] = await Promise.all([this.#asset.readGroup(group), this.#audio.read(group)]);
      const whole = { payload, packets };
      this.#kept.set(group, whole);
      this.#bytes += bytesOf(whole);
      this.#forget(playing);
      return whole;
    } finally {
      this.#coming.delete(group);
      this.#source.drop(offset);
    }
  }

  /** Forgets what is furthest from the group playing, while there is too much. */
  #forget(playing: number): void {
    while (this.#bytes > KEPT_BYTES && this.#kept.size > 2) {
      const distance = (group: number) => Math.abs(group - playing);
      const furthest = [...this.#kept.keys()].reduce((a, b) => (distance(b) > distance(a) ? b : a));
      this.#bytes -= bytesOf(this.#kept.get(furthest)!);
      this.#kept.delete(furthest);
    }
  }
}

const bytesOf = ({ payload, packets }: StoredGroup) =>
  packets.reduce((sum, packet) => sum + packet.length, payload.length);
