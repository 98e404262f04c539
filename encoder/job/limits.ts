import {
  MAX_CHILD_BOXES,
  MAX_FRAME_RATE,
  MAX_MOOV_BYTES,
  MAX_TEXT_BYTES,
  MAX_TEXT_SAMPLES,
  MAX_VIDEO_SECONDS,
  MIN_FRAME_RATE,
  type Rational,
  type TextCue,
  writeTextSamples,
} from "../../codec/internal.js";
import { MediaError, type ProbeResult } from "../../media/index.js";

/* An asset that no reader opens must not be noticed only after hours of training. docs/format.md lists the limits. */

/** Audio and text tracks of an asset. The other boxes of its `moov` are the video, its header, and a few of metadata. */
const MAX_TRACKS = MAX_CHILD_BOXES - 24;
/** Seconds that are allowed for the rounding of the duration by containers. */
const ROUNDING_SECONDS = 1;

/**
 * Checks that an asset can hold a video at its frame rate, for its duration.
 *
 * @param range seconds of the video to encode
 * @throws MediaError `unsupported-video`
 */
export function checkVideoLimits(
  input: string,
  { frameRate, duration }: Pick<ProbeResult, "frameRate" | "duration">,
  { from = 0, to = duration }: { readonly from?: number | undefined; readonly to?: number | undefined },
): void {
  const rate = frameRate.num / frameRate.den;
  if (!(rate >= MIN_FRAME_RATE && rate <= MAX_FRAME_RATE)) {
    throw unsupported(
      `${input} has ${formatRate(frameRate)} frames per second, but an asset must have 1/${1 / MIN_FRAME_RATE} to ${MAX_FRAME_RATE}; change its frame rate with ffmpeg -r`,
    );
  }
  const seconds = Math.min(to, duration) - from;
  if (seconds > MAX_VIDEO_SECONDS + ROUNDING_SECONDS) {
    throw unsupported(
      `${input} lasts ${hours(seconds)} hours, but an asset must last at most ${hours(MAX_VIDEO_SECONDS)}; encode parts of it`,
    );
  }
}

/**
 * Checks that the tables of an asset can hold its tracks.
 *
 * @throws MediaError `unsupported-video`
 */
export function checkTrackLimits(input: string, tracks: TrackSizes): void {
  const { audio, text, groups } = tracks;
  if (audio.length + text.length > MAX_TRACKS) {
    throw unsupported(
      `${input} has ${audio.length} audio tracks and ${text.length} subtitle tracks, but an asset must have at most ${MAX_TRACKS} in total; remove some with ffmpeg -map`,
    );
  }
  const bytes = tableBytes(tracks);
  if (bytes > MAX_MOOV_BYTES) {
    throw unsupported(
      `the tables of ${groups} groups and ${audio.length} audio tracks of ${input} take ${bytes} bytes, but an asset must have at most ${MAX_MOOV_BYTES}; encode parts of it, or remove tracks with ffmpeg -map`,
    );
  }
}

export interface TrackSizes {
  readonly audio: readonly { readonly sizes: { readonly length: number } }[];
  readonly text: readonly { readonly cues: readonly TextCue[] }[];
  /** Number of groups. */
  readonly groups: number;
}

/** Bytes per audio packet and group in the tables of a track: sizes; then chunk offsets and runs. */
const PACKET_BYTES = 4;
const CHUNK_BYTES = 20;
/** Bytes per text sample: its size, its duration and its run. A cue makes two at most, and one for the gap after it. */
const CUE_BYTES = 2 * 12;

/** Estimates the bytes of `moov`, which are mostly tables. */
const tableBytes = ({ audio, text, groups }: TrackSizes): number =>
  audio.reduce((sum, { sizes }) => sum + PACKET_BYTES * sizes.length + CHUNK_BYTES * groups, 0) +
  text.reduce((sum, { cues }) => sum + CUE_BYTES * cues.length, 0) +
  CHUNK_BYTES * groups;

/** Returns why an asset cannot hold a text track; undefined if it can. */
export function textLimitReason(cues: readonly TextCue[], seconds: number): string | undefined {
  const { samples } = writeTextSamples(cues, Math.round(1000 * seconds));
  if (samples.length > MAX_TEXT_SAMPLES)
    return `it changes ${samples.length} times, and an asset must have at most ${MAX_TEXT_SAMPLES} changes`;
  const bytes = samples.reduce((sum, { length }) => sum + length, 0);
  if (bytes > MAX_TEXT_BYTES)
    return `it has ${bytes} bytes, and an asset must have at most ${MAX_TEXT_BYTES}`;
  const visible = maxVisible(cues);
  if (visible > MAX_CHILD_BOXES)
    return `${visible} cues are visible at the same time, and an asset must have at most ${MAX_CHILD_BOXES}`;
  return undefined;
}

/** Returns how many cues are visible at the same time at most. */
function maxVisible(cues: readonly TextCue[]): number {
  const changes = cues.flatMap(({ start, end }) => [
    { time: start, step: 1 },
    { time: end, step: -1 },
  ]);
  changes.sort((a, b) => a.time - b.time || a.step - b.step);
  let visible = 0;
  return changes.reduce((max, { step }) => {
    visible += step;
    return Math.max(max, visible);
  }, 0);
}

const unsupported = (message: string): MediaError => new MediaError("unsupported-video", message);

const hours = (seconds: number): number => Math.round((10 * seconds) / 3600) / 10;

const formatRate = ({ num, den }: Rational): string => (den === 1 ? `${num}` : `${num}/${den}`);
