import type { TileAsset } from "../../codec/internal.js";
import { audioFragment, audioInit } from "../../codec/iso/audio-fragment.js";
import { channelConfiguration, SILENT_CONFIG, silentPacket } from "../../codec/iso/silence.js";
import { timesOfGroup } from "./timeline.js";

/** Samples a second of the silence of a video without sound. */
const SILENT_RATE = 48_000;

/**
 * The sound of a video in fragments of fMP4, one a group. A video without sound, and what a short sound leaves
 * over, gets silence: so there is always a track for the media element to keep time by.
 */
export class AudioRemuxer {
  /** For MediaSource.isTypeSupported. */
  readonly type = 'audio/mp4; codecs="mp4a.40.2"';
  /** Head of the stream. */
  readonly init: Uint8Array<ArrayBuffer>;
  /** Seconds by which the stream lies too late: the encoder's delay. */
  readonly delay: number;
  readonly #asset: TileAsset;
  readonly #track: Pick<
    TileAsset["audio"][number],
    "sampleRate" | "packetDuration" | "priming" | "packetCount"
  >;
  readonly #silence: Uint8Array;

  constructor(asset: TileAsset) {
    this.#asset = asset;
    const track = asset.audio[0] ?? {
      sampleRate: SILENT_RATE,
      channels: 1,
      config: SILENT_CONFIG,
      packetDuration: 1024,
      packetCount: 0,
      priming: 0,
      bytes: 0,
      language: "und",
    };
    this.#track = track;
    this.#silence = silentPacket(channelConfiguration(track.config));
    this.init = audioInit({ ...track, priming: 0 });
    this.delay = track.priming / track.sampleRate;
  }

  /** The packets stored for a group: those that lie behind it in the file. */
  async read(group: number): Promise<Uint8Array[]> {
    const { first, end } = this.#packetsOf(group);
    const stored = Math.min(end, this.#track.packetCount);
    return stored > first ? this.#asset.readAudio(0, first, stored - first) : [];
  }

  /** One fragment of what `read` gave, filled up with silence. */
  fragment(group: number, stored: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const { first, end } = this.#packetsOf(group);
    const packets = Array.from({ length: end - first }, (_, i) => stored[i] ?? this.#silence);
    return audioFragment({ index: group, decodeTime: first * this.#track.packetDuration }, packets);
  }

  #packetsOf(group: number): { first: number; end: number } {
    const { sampleRate, packetDuration, priming } = this.#track;
    const until = (seconds: number) => Math.ceil((seconds * sampleRate + priming) / packetDuration - 1e-6);
    const { start, end } = timesOfGroup(this.#asset, group);
    return { first: group === 0 ? 0 : until(start), end: until(end) };
  }
}
