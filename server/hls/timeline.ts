import type { Asset, AudioTrack } from "../../codec/asset/asset.js";

/** One video segment: whole groups, counted in frames, never in seconds. */
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

type Timed = Pick<Asset, "groups" | "frameRate" | "frameCount">;

/** One segment a group: groups last about a second and begin at scene cuts. */
export function videoSegments(asset: Timed): VideoSegment[] {
  return asset.groups.map(({ index, firstFrame, frameCount }) => ({ index, firstFrame, frameCount }));
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
  for (const group of asset.groups) {
    const end = group.firstFrame + group.frameCount;
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

/** Whole seconds that no segment of the film exceeds, in any of its renditions. */
export function targetDuration(asset: Timed & Pick<Asset, "audio">): number {
  const video = videoSegments(asset).map((segment) => framesToSeconds(segment.frameCount, asset));
  const audio = asset.audio.flatMap((track) =>
    audioSegments(asset, track).map(
      ({ packetCount }) => (packetCount * track.packetDuration) / track.sampleRate,
    ),
  );
  const longest = [...video, ...audio].reduce((most, seconds) => Math.max(most, seconds), 0);
  // Sums of fractions end a hair above the whole seconds that they stand for.
  return Math.max(1, Math.ceil(longest - 1e-9));
}
