import type { TrackLabels } from "../../codec/iso/track-labels.js";
import { MediaError } from "../errors.js";
import type { ProbeResult } from "../probe/probe.js";
import type { AudioInfo } from "../probe/tracks.js";
import { planAacCopy } from "./aac-copy.js";
import {
  AAC_PACKET_SAMPLES,
  type AacTrack,
  aacSampleRate,
  type ChannelMapping,
  channelMappings,
  encodeAacPackets,
  STEREO_DOWNMIX,
} from "./audio.js";
import { rangeStart } from "./timeline.js";

/** An audio track of an asset, or of a source as its asset will have it. */
export interface PlannedAudio extends AacTrack, Omit<TrackLabels, "forced"> {}

/** What a track loses, or why it is left out. */
export interface AudioNote {
  readonly type: "stream-skipped" | "stream-converted";
  /** For users. */
  readonly message: string;
}

/** The audio tracks of a video, and what its users should know about them. */
export interface AudioPlan {
  readonly tracks: readonly PlannedAudio[];
  readonly notes: readonly AudioNote[];
}

/** The part of a video that is encoded. */
export interface PlanRange {
  /** Seconds of the video. Default 0. */
  readonly from?: number;
  /** Duration in seconds. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
}

/**
 * Plans the audio tracks of a video: every track that ffmpeg can decode and that has audio in the range, and after them a
 * stereo downmix of each track with more than two channels. Tries a few packets of each. Tracks of AAC-LC in mono or stereo
 * are copied.
 * @throws MediaError `ffmpeg-missing`, `ffmpeg-killed`; the signal's reason.
 */
export async function planAudio(path: string, info: ProbeResult, range: PlanRange): Promise<AudioPlan> {
  const trials = await Promise.all(info.audio.map((source) => planTrack(path, info, { source, range })));
  const tracks: PlannedAudio[] = [];
  for (const { track } of trials) {
    if (track === undefined) continue;
    const { language, title } = track.source;
    const isDefault = track.source.default && tracks.every((other) => !other.default);
    tracks.push({ ...track, language, title, default: isDefault, downmixOf: null });
  }
  // Downmixes follow all originals, so that the originals are numbered as in the source.
  const downmixes = tracks.flatMap(({ source, mapping, language, title }, downmixOf) =>
    mapping.channels > STEREO_DOWNMIX.channels
      ? [{ source, mapping: STEREO_DOWNMIX, language, title, default: false, downmixOf }]
      : [],
  );
  return { tracks: [...tracks, ...downmixes], notes: trials.flatMap(({ note }) => note ?? []) };
}

interface TrackTrial {
  /** Undefined for a track that is left out. */
  readonly track?: AacTrack;
  readonly note?: AudioNote;
}

/** Chooses the first mapping of channels that ffmpeg accepts. */
async function planTrack(
  path: string,
  info: ProbeResult,
  { source, range }: { readonly source: AudioInfo; readonly range: PlanRange },
): Promise<TrackTrial> {
  const description = `audio track ${source.index + 1} of ${path} (${source.codec}, language ${source.language})`;
  const skip = (reason: string): TrackTrial => ({
    note: { type: "stream-skipped", message: `skipped ${description}: ${reason}` },
  });
  if (source.channels === 0) return skip("ffmpeg does not know its codec");
  const [[mapping, failure], copy] = await Promise.all([
    firstAccepted(channelMappings(source), (candidate) =>
      hasAudio(path, info, { track: { source, mapping: candidate }, range }),
    ),
    planAacCopy(path, info, source, range.signal),
  ]);
  if (failure !== undefined) return skip(`${failure.message}; convert it with ffmpeg to keep it`);
  if (mapping === undefined) return skip("it has no audio in the encoded time range");
  const track = { source, mapping };
  if (mapping.change === undefined) return { track: { ...track, ...(copy && { copy }) } };
  return { track, note: { type: "stream-converted", message: `${description}: ${mapping.change}` } };
}

/** Packets of a trial. */
const TRIAL_PACKETS = 4;

/** Returns whether the first packets with audio can be encoded; false if the track has none in the range. */
async function hasAudio(
  path: string,
  info: ProbeResult,
  { track, range }: { readonly track: AacTrack; readonly range: PlanRange },
): Promise<boolean> {
  const { from, seconds, signal } = range;
  const { startTime } = track.source;
  const start = startTime - info.fileStart - rangeStart(info, { from });
  if (start >= seconds) return false;
  const first = Math.max(0, Math.floor((start * aacSampleRate(track.source)) / AAC_PACKET_SAMPLES));
  const options = { first, count: TRIAL_PACKETS, from, seconds, signal };
  return (await encodeAacPackets(path, info, track, options)).length > 0;
}

/**
 * Runs `trial` with one mapping after the other until ffmpeg accepts one.
 * @returns the accepted mapping, or undefined if the trial found no audio; else the first error
 */
async function firstAccepted(
  mappings: readonly ChannelMapping[],
  trial: (mapping: ChannelMapping) => Promise<boolean>,
): Promise<[accepted: ChannelMapping | undefined, failure?: MediaError]> {
  let failure: MediaError | undefined;
  for (const mapping of mappings) {
    try {
      return [(await trial(mapping)) ? mapping : undefined];
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== "ffmpeg-failed") throw error;
      failure ??= error;
    }
  }
  return [undefined, failure];
}
