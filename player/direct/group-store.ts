import type { TileAsset } from "../../codec/internal.js";
import type { AudioRemuxer } from "./audio-remuxer.js";
import type { RangeSource } from "./range-source.js";

/** A fetched group. */
export interface StoredGroup {
  /** The coded weights. */
  readonly payload: Uint8Array;
  /** The audio packets that are stored with the group. */
  readonly packets: readonly Uint8Array[];
}

/** Maximum bytes of stored groups: 18 minutes at 60 kB per second. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Maximum bytes between two groups to fetch along with the first. A larger gap holds more than its audio. */
const MAX_GAP_BYTES = 2 * 1024 * 1024;

/** Fetches the groups of a video, each in one request together with its audio, and stores them. */
export class GroupStore {
  readonly #asset: TileAsset;
  readonly #source: RangeSource;
  readonly #audio: AudioRemuxer;
  readonly #groups = new Map<number, StoredGroup>();
  readonly #loading = new Map<number, Promise<StoredGroup>>();
  #bytes = 0;

  constructor(asset: TileAsset, source: RangeSource, audio: AudioRemuxer) {
    this.#asset = asset;
    this.#source = source;
    this.#audio = audio;
  }

  get(group: number): StoredGroup | undefined {
    return this.#groups.get(group);
  }

  /** The number of groups in flight. */
  get loadingCount(): number {
    return this.#loading.size;
  }

  isLoading(group: number): boolean {
    return this.#loading.has(group);
  }

  /**
   * Fetches a group, or joins the request in flight.
   *
   * @param playingGroup groups farthest from this one are evicted first
   * @throws as `RangeSource.read` does
   */
  fetch(group: number, playingGroup: number): Promise<StoredGroup> {
    const stored = this.#groups.get(group);
    if (stored !== undefined) return Promise.resolve(stored);
    const loading = this.#loading.get(group) ?? this.#load(group, playingGroup);
    this.#loading.set(group, loading);
    return loading;
  }

  async #load(group: number, playingGroup: number): Promise<StoredGroup> {
    const { offset, size } = this.#asset.groups[group]!;
    const end = this.#asset.groups[group + 1]?.offset ?? this.#asset.bytes;
    const gap = end - offset - size;
    const includesAudio = this.#asset.audio.length > 0 && gap >= 0 && gap <= MAX_GAP_BYTES;
    try {
      await this.#source.prefetch(offset, includesAudio ? end - offset : size);
      const [payload, packets] = await Promise.all([
        this.#asset.readGroup(group),
        this.#audio.readPackets(group),
      ]);
      const stored = { payload, packets };
      this.#groups.set(group, stored);
      this.#bytes += byteLength(stored);
      this.#evict(playingGroup);
      return stored;
    } finally {
      this.#loading.delete(group);
      this.#source.release(offset);
    }
  }

  /** Evicts the groups farthest from the playing one while the store is over its limit. */
  #evict(playingGroup: number): void {
    while (this.#bytes > MAX_BYTES && this.#groups.size > 2) {
      const distance = (group: number) => Math.abs(group - playingGroup);
      const farthest = [...this.#groups.keys()].reduce((a, b) => (distance(b) > distance(a) ? b : a));
      this.#bytes -= byteLength(this.#groups.get(farthest)!);
      this.#groups.delete(farthest);
    }
  }
}

const byteLength = ({ payload, packets }: StoredGroup) =>
  packets.reduce((sum, packet) => sum + packet.length, payload.length);
