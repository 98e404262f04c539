import { LRUCache } from "lru-cache";
import type { Asset, AudioTrack } from "../../codec/asset/asset.js";
import { segmentStarts } from "../../codec/asset/segment-grid.js";
import { canBeSilent } from "../../codec/iso/silence.js";

/** A video segment. Measured in frames. */
export interface VideoSegment {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
}

/** An audio segment of an integer number of packets. */
export interface AudioSegment {
  readonly index: number;
  /** Index in the stored track. */
  readonly firstPacket: number;
  readonly packetCount: number;
  /** The leading packets that the asset stores. The rest is silence, after the end of the stored audio. */
  readonly storedCount: number;
  /** Samples of the rendition before this segment. */
  readonly decodeTime: number;
}

/** A subtitle segment, which spans one or more video segments. */
export interface TextSegment {
  readonly index: number;
  /** Milliseconds from the start of the video. `to` of the last segment is Infinity: cues may outlast the frames. */
  readonly from: number;
  readonly to: number;
  /** Seconds. */
  readonly duration: number;
}

type SegmentedVideo = Pick<Asset, "frameRate" | "frameCount">;

/** Part of every version. Change it when unchanged assets are segmented differently. */
export const TIMELINE_VERSION = "timeline 4";

/** Segments by frame count and rate, because every playlist and every request for a segment needs them. */
const segmentsByVideo = new LRUCache<string, readonly VideoSegment[]>({ max: 500 });

/**
 * Returns the segments of about one second. They follow from frame rate and count only (see `segmentStarts`), so an asset
 * and the video that it was encoded from have the same ones.
 */
export function videoSegments({ frameRate, frameCount }: SegmentedVideo): readonly VideoSegment[] {
  const key = `${frameCount} ${frameRate.num} ${frameRate.den}`;
  const known = segmentsByVideo.get(key);
  if (known !== undefined) return known;
  const starts = segmentStarts(frameCount, frameRate);
  const segments = starts.map((firstFrame, index) => ({
    index,
    firstFrame,
    frameCount: (starts[index + 1] ?? frameCount) - firstFrame,
  }));
  segmentsByVideo.set(key, segments);
  return segments;
}

/** Converts a number of frames to seconds. */
export const framesToSeconds = (frames: number, { frameRate }: Pick<Asset, "frameRate">): number =>
  (frames * frameRate.den) / frameRate.num;

/**
 * Returns the audio packets of each video segment, to the nearest packet. Packets that are entirely encoder delay are
 * skipped, so that sample 0 of the rendition is time 0, or less than a packet before it. The rendition ends with the video: packets after the last frame
 * are dropped, and silent packets follow audio that ends early. Players wait forever for a rendition that is too short.
 */
export function audioSegments(asset: SegmentedVideo, track: AudioTrack): AudioSegment[] {
  const skippedPackets = Math.floor(track.priming / track.packetDuration);
  const stored = Math.max(0, track.packetCount - skippedPackets);
  // Sample 0 of the rendition is that much before time 0; an edit list skips the rest.
  const early = track.priming % track.packetDuration;
  const packetsIn = (frames: number) =>
    (framesToSeconds(frames, asset) * track.sampleRate + early) / track.packetDuration;
  const needed = Math.ceil(packetsIn(asset.frameCount) - 1e-6);
  const total = canBeSilent(track.config) ? needed : Math.min(stored, needed);
  const segments: AudioSegment[] = [];
  let from = 0;
  for (const { firstFrame, frameCount } of videoSegments(asset)) {
    const end = firstFrame + frameCount;
    const to = end === asset.frameCount ? total : Math.min(total, Math.round(packetsIn(end)));
    if (to <= from) continue;
    const decodeTime = from * track.packetDuration;
    segments.push({
      index: segments.length,
      firstPacket: skippedPackets + from,
      packetCount: to - from,
      storedCount: Math.min(Math.max(0, stored - from), to - from),
      decodeTime,
    });
    from = to;
  }
  return segments;
}

/** Minimum duration of a subtitle segment in seconds: they are small, so one request per second would be wasteful. */
const MIN_TEXT_SECONDS = 6;

/** Returns the subtitle segments. Each spans as many video segments as it takes to reach `MIN_TEXT_SECONDS`. */
export function textSegments(asset: SegmentedVideo): TextSegment[] {
  const segments: TextSegment[] = [];
  let segmentStart = 0;
  for (const { firstFrame, frameCount } of videoSegments(asset)) {
    const end = firstFrame + frameCount;
    const duration = framesToSeconds(end - segmentStart, asset);
    if (end < asset.frameCount && duration < MIN_TEXT_SECONDS - 1e-9) continue;
    segments.push({
      index: segments.length,
      from: 1000 * framesToSeconds(segmentStart, asset),
      to: end === asset.frameCount ? Number.POSITIVE_INFINITY : 1000 * framesToSeconds(end, asset),
      duration,
    });
    segmentStart = end;
  }
  return segments;
}

/** Returns the EXT-X-TARGETDURATION in seconds that fits all video and audio renditions. */
export function targetDuration(asset: SegmentedVideo & Pick<Asset, "audio">): number {
  const video = videoSegments(asset).map((segment) => framesToSeconds(segment.frameCount, asset));
  const audio = asset.audio.flatMap((track) =>
    audioSegments(asset, track).map(
      ({ packetCount }) => (packetCount * track.packetDuration) / track.sampleRate,
    ),
  );
  const longest = [...video, ...audio].reduce((max, seconds) => Math.max(max, seconds), 0);
  return ceilSeconds(longest);
}

/** Rounds the duration of the longest segment, in seconds, up to a valid EXT-X-TARGETDURATION. */
export const ceilSeconds = (longest: number): number =>
  // Sums of fractions may exceed the exact integer by rounding errors.
  Math.max(1, Math.ceil(longest - 1e-9));
