import {
  type Asset,
  type AudioTrack,
  type ChapterSpan,
  chapterSpans,
  frameSeconds,
  normalizeChapters,
  type Rational,
  type TextTrack,
  writeAdts,
} from "../../codec/internal.js";
import type { Mp4Audio, Mp4Subtitles } from "../../media/index.js";

/** Consecutive frames at a frame rate, which may differ from the asset's. */
export interface FrameRange {
  readonly first: number;
  readonly count: number;
  readonly rate: Rational;
}

/** Number of audio packets read at once, about 20 seconds. */
const PACKETS_PER_READ = 1024;

/**
 * Cuts an audio track to a range of frames. The result starts one packet early, because an AAC decoder needs the packet
 * before the first sample.
 *
 * @returns undefined if the track has no packet in the range
 */
export function trimAudio(
  asset: Asset,
  track: AudioTrack,
  range: FrameRange,
  signal: AbortSignal,
): Mp4Audio | undefined {
  const { packetDuration, packetCount, priming, sampleRate, language, title } = track;
  const sampleAt = (frame: number) =>
    Math.round((frame * range.rate.den * sampleRate) / range.rate.num) + priming;
  const start = sampleAt(range.first);
  const first = Math.min(packetCount, Math.max(0, Math.floor(start / packetDuration) - 1));
  const end = Math.min(packetCount, Math.ceil(sampleAt(range.first + range.count) / packetDuration));
  if (end <= first) return undefined;
  const adts = async function* () {
    for (let packet = first; packet < end; packet += PACKETS_PER_READ) {
      const count = Math.min(PACKETS_PER_READ, end - packet);
      yield writeAdts(track.config, await asset.readAudio(track.index, packet, count, signal));
    }
  };
  const labels = { language, title, default: track.default };
  return { ...labels, adts: adts(), delaySamples: start - first * packetDuration, sampleRate };
}

/** Cuts a text track to a range of frames. Cues that cross the start or the end of the range are shortened. */
export async function trimSubtitles(
  asset: Asset,
  track: TextTrack,
  { first, count, rate }: FrameRange,
  signal: AbortSignal,
): Promise<Mp4Subtitles> {
  const [start, end] = [first, first + count].map((frame) =>
    Math.round((1000 * frame * rate.den) / rate.num),
  );
  const cues = (await asset.readText(track.index, signal)).flatMap((cue) => {
    const cut = { ...cue, start: Math.max(cue.start, start) - start, end: Math.min(cue.end, end) - start };
    return cut.end > cut.start ? [cut] : [];
  });
  const { language, title, forced } = track;
  return { cues, language, title, forced, default: track.default };
}

/** Cuts the chapters of an asset to a range of frames. */
export function trimChapters({ metadata }: Asset, { first, count, rate }: FrameRange): ChapterSpan[] {
  const [from, seconds] = [frameSeconds(first, rate), frameSeconds(count, rate)];
  const shifted = (metadata.chapters ?? []).map(({ start, title }) => ({ start: start - from, title }));
  return chapterSpans(normalizeChapters(shifted, seconds), seconds);
}
