import type { AudioTrack } from "../../codec/asset/asset.js";
import { h264SegmentBits, type StreamFormat } from "../../media/segments/h264-level.js";
import { audioSegments, framesToSeconds, targetDuration, type VideoSegment } from "../catalog/timeline.js";
import type { VideoDescription } from "../video/video.js";

/** Upper bounds in bits per second, as a master playlist states them. */
export interface Bandwidth {
  readonly peak: number;
  readonly average: number;
}

/** Upper bound on the bits of one segment, and its duration. */
export interface SegmentSize {
  readonly bits: number;
  readonly seconds: number;
}

/** Segments per run, on average, above which the runs are not compared one by one: groups last about a second. */
const MAX_RUN_SEGMENTS = 64;

/**
 * Returns the peak segment bit rate of RFC 8216bis, 4.4.6.2, in bits per second: the maximum over all contiguous runs of
 * segments that last 0.5 to 1.5 target durations, or the average of a shorter stream. If runs are unusually long, returns
 * the highest rate of a segment instead, which no run exceeds.
 *
 * @param target target duration in seconds
 */
export function peakBitrate(segments: readonly SegmentSize[], target: number): number {
  let peak = 0;
  let steps = MAX_RUN_SEGMENTS * segments.length;
  for (let first = 0; first < segments.length; first++) {
    let [bits, seconds] = [0, 0];
    for (let last = first; last < segments.length; last++) {
      if (steps-- === 0)
        return segments.reduce((max, segment) => Math.max(max, segment.bits / segment.seconds), 0);
      bits += segments[last].bits;
      seconds += segments[last].seconds;
      if (seconds > 1.5 * target + 1e-9) break;
      if (seconds >= 0.5 * target - 1e-9) peak = Math.max(peak, bits / seconds);
    }
  }
  return peak === 0 ? averageBitrate(segments) : peak;
}

function averageBitrate(segments: readonly SegmentSize[]): number {
  if (segments.length === 0) return 0;
  const sum = (key: keyof SegmentSize) => segments.reduce((total, segment) => total + segment[key], 0);
  return sum("bits") / sum("seconds");
}

/** Returns the bounds of a video rendition. They follow from the encoder's rate cap; no segment is encoded for them. */
export function videoBandwidth(
  video: VideoDescription,
  format: StreamFormat,
  segments: readonly VideoSegment[],
): Bandwidth {
  return bandwidth(video, segments, (frameCount) => h264SegmentBits(format, frameCount));
}

/** Returns the bounds of a keyframe-only rendition, which has one frame per segment. */
export function keyframeBandwidth(
  video: VideoDescription,
  format: StreamFormat,
  segments: readonly VideoSegment[],
): Bandwidth {
  return bandwidth(video, segments, () => h264SegmentBits(format, 1));
}

function bandwidth(
  video: VideoDescription,
  segments: readonly VideoSegment[],
  bitsOf: (frameCount: number) => number,
): Bandwidth {
  const sizes = segments.map(({ frameCount }) => ({
    bits: bitsOf(frameCount),
    seconds: framesToSeconds(frameCount, video),
  }));
  return {
    peak: Math.ceil(peakBitrate(sizes, targetDuration(video))),
    average: Math.ceil(averageBitrate(sizes)),
  };
}

/** Bytes of a fragment's moof and mdat headers, without the trun entries of its samples. */
const FRAGMENT_BYTES = 120;
const BYTES_PER_SAMPLE = 4;
/** Upper bound on the size of a silent packet, in bytes; that of eight channels has 28. */
const SILENT_PACKET_BYTES = 32;

/** Returns the bounds of an audio rendition. The packet sizes are known, and the largest packet bounds the peak. */
export function audioBandwidth(video: VideoDescription, track: AudioTrack): Bandwidth {
  const packetSeconds = track.packetDuration / track.sampleRate;
  const segments = audioSegments(video, track);
  const minPackets = segments.reduce((min, segment) => Math.min(min, segment.packetCount), Infinity);
  const overhead = FRAGMENT_BYTES / Math.max(1, minPackets) + BYTES_PER_SAMPLE;
  const seconds = framesToSeconds(video.frameCount, video);
  const silentPackets = segments.reduce((sum, segment) => sum + segment.packetCount - segment.storedCount, 0);
  const maxPacketBytes = Math.max(track.maxPacketBytes, silentPackets > 0 ? SILENT_PACKET_BYTES : 0);
  const bytes =
    track.bytes +
    segments.length * FRAGMENT_BYTES +
    track.packetCount * BYTES_PER_SAMPLE +
    silentPackets * (SILENT_PACKET_BYTES + BYTES_PER_SAMPLE);
  return {
    peak: Math.ceil((8 * (maxPacketBytes + overhead)) / packetSeconds),
    average: Math.ceil((8 * bytes) / seconds),
  };
}
