import type { TileAsset } from "../../codec/internal.js";
import { audioFragment, audioInit } from "../../codec/iso/audio-fragment.js";
import { padWithSilence, SILENT_CONFIG } from "../../codec/iso/silence.js";
import { groupTimes } from "./timeline.js";

/** Sample rate of the silence in a video without audio, in Hz. */
const SILENCE_SAMPLE_RATE = 48_000;

/**
 * Remuxes the default audio track of a video into fragmented MP4, one fragment per group. Where a video has no audio, or its audio has
 * ended early, it gets silence. So the media element always has a track to drive its clock.
 */
export class AudioRemuxer {
  /** For `MediaSource.isTypeSupported`. */
  readonly mimeType = 'audio/mp4; codecs="mp4a.40.2"';
  readonly initSegment: Uint8Array<ArrayBuffer>;
  /** Duration of the priming samples at the start of the stream, in seconds. */
  readonly encoderDelay: number;
  readonly #asset: TileAsset;
  readonly #track: Pick<
    TileAsset["audio"][number],
    "index" | "config" | "sampleRate" | "packetDuration" | "priming" | "packetCount"
  >;

  constructor(asset: TileAsset) {
    this.#asset = asset;
    const track = asset.audio.find((candidate) => candidate.default) ?? {
      index: 0,
      sampleRate: SILENCE_SAMPLE_RATE,
      channels: 1,
      config: SILENT_CONFIG,
      packetDuration: 1024,
      packetCount: 0,
      priming: 0,
      language: "und",
    };
    this.#track = track;
    this.initSegment = audioInit({ ...track, priming: 0 });
    this.encoderDelay = track.priming / track.sampleRate;
  }

  /** Reads the stored packets of a group, which follow it in the file. */
  async readPackets(group: number): Promise<Uint8Array[]> {
    const { first, end } = this.#packetRange(group);
    const stored = Math.min(end, this.#track.packetCount);
    return stored > first ? this.#asset.readAudio(this.#track.index, first, stored - first) : [];
  }

  /** Returns the fragment of a group: the packets from `readPackets`, padded with silence. */
  createFragment(group: number, stored: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const { first, end } = this.#packetRange(group);
    const packets = padWithSilence(stored, end - first, this.#track.config);
    return audioFragment({ index: group, decodeTime: first * this.#track.packetDuration }, packets);
  }

  /** Returns the index of a group's first packet, and of the first packet after it. */
  #packetRange(group: number): { first: number; end: number } {
    const { sampleRate, packetDuration, priming } = this.#track;
    const packetAt = (seconds: number) => Math.ceil((seconds * sampleRate + priming) / packetDuration - 1e-6);
    const { start, end } = groupTimes(this.#asset, group);
    return { first: group === 0 ? 0 : packetAt(start), end: packetAt(end) };
  }
}
