import { open, rm } from "node:fs/promises";
import { writeAdts } from "../../codec/iso/adts.js";
import { padWithSilence } from "../../codec/iso/silence.js";
import { MediaError, writeError } from "../errors.js";
import type { ProbeResult } from "../probe/probe.js";
import {
  AAC_PRIMING_SAMPLES,
  type AacCopy,
  type AacPacketRange,
  type AacTrack,
  aacPacketCount,
  aacTrackConfig,
  type ChannelMapping,
  channelMappings,
  encodeAacPackets,
  MIN_SECONDS,
  windowPackets,
} from "./audio.js";
import { type CopiedTrack, copyAacPackets, copyPriming } from "./copy-aac-packets.js";
import type { TimeRange } from "./time-range.js";

const isCopied = (track: AacTrack): track is CopiedTrack => track.copy !== undefined;

/** Returns the samples of a track before time 0, which is that of the video. */
export const aacPriming = (
  info: ProbeResult,
  track: AacTrack,
  range: Pick<AacPacketRange, "from"> = {},
): number => (isCopied(track) ? copyPriming(info, track, range) : AAC_PRIMING_SAMPLES);

/**
 * Reads packets of one audio track as AAC-LC: copies of its own, or encoded ones (see `copyAacPackets`,
 * `encodeAacPackets`). Ranges that are read apart join without a click.
 *
 * @returns the access units; fewer than `count` if the track ends before
 * @throws MediaError `ffmpeg-failed`, `ffmpeg-missing`, `ffmpeg-killed`; the signal's reason.
 */
export const readAacPackets = (
  path: string,
  info: ProbeResult,
  track: AacTrack,
  range: AacPacketRange,
): Promise<Uint8Array[]> =>
  isCopied(track) ? copyAacPackets(path, info, track, range) : encodeAacPackets(path, info, track, range);

/** Options of `encodeAudio`. The time range defaults to the entire video. */
export interface EncodeAudioOptions extends TimeRange {
  /** The ADTS file to write (AAC-LC). An existing file is overwritten. */
  readonly output: string;
  /** Index in `info.audio`, from 0. Default 0. */
  readonly track?: number;
  /** Which channels to keep. Default: those of `channelMappings(track)[0]`. */
  readonly mapping?: ChannelMapping;
  /** Default: the track is encoded. */
  readonly copy?: AacCopy;
  readonly signal?: AbortSignal;
}

/**
 * Writes one audio track as AAC, as `readAacPackets` does, window by window. Silence follows a track that ends before
 * the video. The file is empty if the track has no audio in the range.
 * @throws MediaError `ffmpeg-failed`, `disk-full`, `ffmpeg-missing`, `ffmpeg-killed`; the signal's reason.
 */
export async function encodeAudio(
  path: string,
  info: ProbeResult,
  options: EncodeAudioOptions,
): Promise<void> {
  const { from = 0, to, output, track: index = 0, signal } = options;
  const source = info.audio[index];
  if (!source) {
    const count = info.audio.length;
    throw new MediaError("ffmpeg-failed", `audio track ${index} does not exist: ${path} has ${count}`);
  }
  const track = { source, mapping: options.mapping ?? channelMappings(source)[0], copy: options.copy };
  const end = to ?? (info.duration > 0 ? info.duration : undefined);
  const seconds = end === undefined ? undefined : Math.max(MIN_SECONDS, end - from);
  try {
    await using file = await open(output, "w");
    const config = aacTrackConfig(track);
    const total =
      seconds === undefined ? Infinity : aacPacketCount(seconds, source, aacPriming(info, track, { from }));
    const window = windowPackets(source);
    let encoded = 0;
    for (let first = 0; first < total; first += window) {
      const count = Math.min(window, total - first);
      const packets = await readAacPackets(path, info, track, { first, count, from, seconds, signal });
      encoded += packets.length;
      if (packets.length === 0 && total === Infinity) break;
      const isLast = total === Infinity && packets.length < count;
      await file.writeFile(writeAdts(config, isLast ? packets : padWithSilence(packets, count, config)));
      if (isLast) break;
    }
    if (encoded === 0) await file.truncate(0);
  } catch (error) {
    await rm(output, { force: true });
    throw error instanceof MediaError || signal?.aborted ? error : writeError(output, error);
  }
}
