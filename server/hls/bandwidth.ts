import type { Asset, AudioTrack } from "../../codec/asset/asset.js";
import { h264PeakRate, h264RateCap, type StreamFormat } from "../../media/h264-level.js";
import { audioSegments, framesToSeconds, type VideoSegment } from "./timeline.js";

/** Bits a second, as a master playlist states them. */
export interface Bandwidth {
  readonly peak: number;
  readonly average: number;
}

/** Bounds on a video rendition that hold before any of it is encoded, for it follows from its rate cap. */
export function videoBandwidth(format: StreamFormat, segments: readonly VideoSegment[]): Bandwidth {
  const shortest = segments.reduce(
    (least, segment) => Math.min(least, segment.frameCount),
    Number.POSITIVE_INFINITY,
  );
  const frames = segments.reduce((sum, segment) => sum + segment.frameCount, 0);
  const excess = segments.reduce((sum, { frameCount }) => {
    return sum + (h264PeakRate(format, frameCount) - h264RateCap(format).maxRate) * frameCount;
  }, 0);
  return {
    peak: h264PeakRate(format, shortest),
    average: Math.ceil(h264RateCap(format).maxRate + excess / Math.max(1, frames)),
  };
}

const FRAGMENT_BYTES = 120;
const BYTES_A_SAMPLE = 4;

/** Bounds on an audio rendition: its packets are known, its peak is bounded by the largest of them. */
export function audioBandwidth(asset: Asset, track: AudioTrack): Bandwidth {
  const packetSeconds = track.packetDuration / track.sampleRate;
  const segments = audioSegments(asset, track);
  const fewest = segments.reduce((least, segment) => Math.min(least, segment.packetCount), track.packetCount);
  const overhead = FRAGMENT_BYTES / Math.max(1, fewest) + BYTES_A_SAMPLE;
  const seconds = framesToSeconds(asset.frameCount, asset);
  const bytes = track.bytes + segments.length * FRAGMENT_BYTES + track.packetCount * BYTES_A_SAMPLE;
  return {
    peak: Math.ceil((8 * (track.maxPacketBytes + overhead)) / packetSeconds),
    average: Math.ceil((8 * bytes) / seconds),
  };
}
