import type { Asset, AudioTrack } from "../../codec/asset/asset.js";

/** One video segment: a group, or a part of the first one; counted in frames, never in seconds. */
export interface VideoSegment {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
}

/** One audio segment: whole packets. */
export interface AudioSegment {
  readonly index: number;
  /** In the track as stored. */
  readonly firstPacket: number;
  readonly packetCount: number;
  /** Samples before it in the rendition. */
  readonly decodeTime: number;
}

/** One segment of subtitles: the time of some video segments. */
export interface TextSegment {
  readonly index: number;
  /** Milliseconds from the start of the video; the last segment has no end, for cues that outlast the picture. */
  readonly from: number;
  readonly to: number;
  /** Seconds. */
  readonly duration: number;
}

type Timed = Pick<Asset, "groups" | "frameRate" | "frameCount">;

/** Changes when videos of equal groups are cut at other frames: part of the version of their URLs. */
export const TIMELINE = "timeline 2";

/** Seconds of a segment of the first group, about. */
const FIRST_SECONDS = 0.5;

/**
 * One segment a group: groups last about a second and begin at scene cuts. Only the first group is cut, evenly
 * and into parts of about half a second: playing begins when the first segment is there, so that should be soon.
 */
export function videoSegments(asset: Timed): VideoSegment[] {
  const segments: VideoSegment[] = [];
  for (const group of asset.groups) {
    const seconds = framesToSeconds(group.frameCount, asset);
    const parts =
      group.index > 0 ? 1 : Math.min(group.frameCount, Math.max(1, Math.round(seconds / FIRST_SECONDS)));
    for (let part = 0; part < parts; part++) {
      const from = Math.ceil((part * group.frameCount) / parts);
      const to = Math.ceil(((part + 1) * group.frameCount) / parts);
      segments.push({ index: segments.length, firstFrame: group.firstFrame + from, frameCount: to - from });
    }
  }
  return segments;
}

/** Seconds of a number of frames. */
export const framesToSeconds = (frames: number, { frameRate }: Pick<Asset, "frameRate">): number =>
  (frames * frameRate.den) / frameRate.num;

/**
 * The packets of each video segment's time, to the nearest packet. Whole packets of encoder delay are left
 * out, so that sample 0 of the rendition is time 0; packets after the last picture are left out too.
 */
export function audioSegments(asset: Timed, track: AudioTrack): AudioSegment[] {
  const skipped = Math.floor(track.priming / track.packetDuration);
  const available = track.packetCount - skipped;
  const packetsIn = (frames: number) =>
    (framesToSeconds(frames, asset) * track.sampleRate) / track.packetDuration;
  const total = Math.max(0, Math.min(available, Math.ceil(packetsIn(asset.frameCount) - 1e-6)));
  const segments: AudioSegment[] = [];
  let from = 0;
  for (const { firstFrame, frameCount } of videoSegments(asset)) {
    const end = firstFrame + frameCount;
    const to = end === asset.frameCount ? total : Math.min(total, Math.round(packetsIn(end)));
    if (to <= from) continue;
    const decodeTime = from * track.packetDuration;
    segments.push({
      index: segments.length,
      firstPacket: skipped + from,
      packetCount: to - from,
      decodeTime,
    });
    from = to;
  }
  return segments;
}

/** Seconds of a segment of subtitles, about: they are small, and a request a second would be wasted on them. */
const TEXT_SECONDS = 6;

/** As many video segments' time each as reach six seconds. */
export function textSegments(asset: Timed): TextSegment[] {
  const segments: TextSegment[] = [];
  let first = 0;
  for (const { firstFrame, frameCount } of videoSegments(asset)) {
    const end = firstFrame + frameCount;
    const duration = framesToSeconds(end - first, asset);
    if (end < asset.frameCount && duration < TEXT_SECONDS - 1e-9) continue;
    segments.push({
      index: segments.length,
      from: 1000 * framesToSeconds(first, asset),
      to: end === asset.frameCount ? Number.POSITIVE_INFINITY : 1000 * framesToSeconds(end, asset),
      duration,
    });
    first = end;
  }
  return segments;
}

/** Whole seconds that no segment of the video exceeds, in any of its renditions of picture and sound. */
export function targetDuration(asset: Timed & Pick<Asset, "audio">): number {
  const video = videoSegments(asset).map((segment) => framesToSeconds(segment.frameCount, asset));
  const audio = asset.audio.flatMap((track) =>
    audioSegments(asset, track).map(
      ({ packetCount }) => (packetCount * track.packetDuration) / track.sampleRate,
    ),
  );
  const longest = [...video, ...audio].reduce((max, seconds) => Math.max(max, seconds), 0);
  return wholeSeconds(longest);
}

/** The least EXT-X-TARGETDURATION of a playlist whose longest segment is this. */
export const wholeSeconds = (longest: number): number =>
  // Sums of fractions end a hair above the whole seconds that they stand for.
  Math.max(1, Math.ceil(longest - 1e-9));
