import { payloadRanges } from "../../codec/asset/spans.js";
import type { GroupEntry, TileAsset } from "../../codec/internal.js";
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

/** Groups whose spans are kept for the groups after them. A group needs those of three earlier ones. */
const MAX_SPAN_GROUPS = 12;

/**
 * Fetches the groups of a video, each in one request together with its audio, and stores them. Networks that cover several
 * groups are kept, or fetched apart from the other bytes of the group that they begin with.
 */
export class GroupStore {
  readonly #asset: TileAsset;
  readonly #source: RangeSource;
  readonly #audio: AudioRemuxer;
  readonly #groups = new Map<number, StoredGroup>();
  readonly #loading = new Map<number, Promise<StoredGroup>>();
  /** Offsets of kept spans, least recently used first. */
  readonly #spans = new Set<number>();
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
    const entry = this.#asset.groups[group]!;
    const { offset, size } = entry;
    const end = this.#asset.groups[group + 1]?.offset ?? this.#asset.bytes;
    const gap = end - offset - size;
    const includesAudio = this.#asset.audio.length > 0 && gap >= 0 && gap <= MAX_GAP_BYTES;
    let own: Uint8Array<ArrayBuffer> | undefined;
    try {
      const spans = payloadRanges(entry).slice(0, -1);
      await Promise.all([
        this.#source.prefetch(offset, includesAudio ? end - offset : size),
        ...spans.map((range) => this.#source.prefetch(range.offset, range.size)),
      ]);
      for (const range of spans) this.#keepSpans(range.offset);
      const [payload, packets] = await Promise.all([
        this.#asset.readGroup(group),
        this.#audio.readPackets(group),
      ]);
      const stored = { payload, packets };
      const ownSpans = spansOf(entry);
      if (ownSpans > 0) own = new Uint8Array(await this.#source.read(offset, ownSpans));
      this.#groups.set(group, stored);
      this.#bytes += byteLength(stored);
      this.#evict(playingGroup);
      return stored;
    } finally {
      this.#loading.delete(group);
      this.#source.release(offset, own);
      if (own !== undefined) this.#keepSpans(offset);
    }
  }

  /** Keeps the spans at an offset, and releases those that were not used for the longest time. */
  #keepSpans(offset: number): void {
    this.#spans.delete(offset);
    this.#spans.add(offset);
    if (this.#spans.size <= MAX_SPAN_GROUPS) return;
    const [oldest] = this.#spans;
    this.#spans.delete(oldest!);
    this.#source.release(oldest!);
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

/** Returns the bytes of the networks in a group's sample that cover several groups. */
const spansOf = ({ index, parts = [] }: GroupEntry): number =>
  parts.reduce((sum, { level, group, size }) => (level > 0 && group === index ? sum + size : sum), 0);

const byteLength = ({ payload, packets }: StoredGroup) =>
  packets.reduce((sum, packet) => sum + packet.length, payload.length);
