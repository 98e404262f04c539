import type { Asset, AudioTrack } from "../../codec/asset/asset.js";
import { h264SegmentBits, type StreamFormat } from "../../media/segments/h264-level.js";
import { audioSegments, framesToSeconds, targetDuration, type VideoSegment } from "../catalog/timeline.js";

/** Bits a second, as a master playlist states them. */
export interface Bandwidth {
  readonly peak: number;
  readonly average: number;
}

/** Bits and seconds of one segment, at most. */
export interface SegmentLoad {
  readonly bits: number;
  readonly seconds: number;
}

/**
 * The peak segment bit rate of RFC 8216bis, 4.4.6.2: the highest of any run of segments that lasts from 0.5 to 1.5
 * times the target duration; of the whole where that is shorter.
 * @param target seconds
 */
export function peakRate(loads: readonly SegmentLoad[], target: number): number {
  let peak = 0;
  for (let first = 0; first < loads.length; first++) {
    let [bits, seconds] = [0, 0];
    for (let last = first; last < loads.length; last++) {
      bits += loads[last].bits;
      seconds += loads[last].seconds;
      if (seconds > 1.5 * target + 1e-9) break;
      if (seconds >= 0.5 * target - 1e-9) peak = Math.max(peak, bits / seconds);
    }
  }
  return peak === 0 ? rateOf(loads) : peak;
}

const rateOf = (loads: readonly SegmentLoad[]): number => {
  const sum = (of: (load: SegmentLoad) => number) => loads.reduce((total, load) => total + of(load), 0);
  return loads.length === 0 ? 0 : sum(({ bits }) => bits) / sum(({ seconds }) => seconds);
};

const bandwidthOf = (loads: readonly SegmentLoad[], target: number): Bandwidth => ({
  peak: Math.ceil(peakRate(loads, target)),
  average: Math.ceil(rateOf(loads)),
});

/** Bounds on a video rendition that hold before any of it is encoded, for it follows from its rate cap. */
export function videoBandwidth(
  asset: Asset,
  format: StreamFormat,
  segments: readonly VideoSegment[],
): Bandwidth {
  const loads = segments.map(({ frameCount }) => ({
    bits: h264SegmentBits(format, frameCount),
    seconds: framesToSeconds(frameCount, asset),
  }));
  return bandwidthOf(loads, targetDuration(asset));
}

/** Bounds on the keyframes alone, one a segment. */
export function keyframeBandwidth(
  asset: Asset,
  format: StreamFormat,
  segments: readonly VideoSegment[],
): Bandwidth {
  const bits = h264SegmentBits(format, 1);
  const loads = segments.map(({ frameCount }) => ({ bits, seconds: framesToSeconds(frameCount, asset) }));
  return bandwidthOf(loads, targetDuration(asset));
}

const FRAGMENT_BYTES = 120;
const BYTES_PER_SAMPLE = 4;

/** Bounds on an audio rendition: its packets are known, its peak is bounded by the largest of them. */
export function audioBandwidth(asset: Asset, track: AudioTrack): Bandwidth {
  const packetSeconds = track.packetDuration / track.sampleRate;
  const segments = audioSegments(asset, track);
  const fewest = segments.reduce((min, segment) => Math.min(min, segment.packetCount), track.packetCount);
  const overhead = FRAGMENT_BYTES / Math.max(1, fewest) + BYTES_PER_SAMPLE;
  const seconds = framesToSeconds(asset.frameCount, asset);
  const bytes = track.bytes + segments.length * FRAGMENT_BYTES + track.packetCount * BYTES_PER_SAMPLE;
  return {
    peak: Math.ceil((8 * (track.maxPacketBytes + overhead)) / packetSeconds),
    average: Math.ceil((8 * bytes) / seconds),
  };
}
