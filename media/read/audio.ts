import { aacConfig, indexAdts } from "../../codec/iso/adts.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg, stdoutPipe } from "../ffmpeg/run.js";
import { hasJumpingClock } from "../probe/packets.js";
import type { ProbeResult } from "../probe/probe.js";
import type { AudioInfo } from "../probe/tracks.js";
import { rangeStart } from "./timeline.js";

/** A way to convert the channels of a track to a layout that AAC has. */
export interface ChannelMapping {
  /** Channels of the result. */
  readonly channels: number;
  /** ffmpeg's filter. */
  readonly filter: string;
  /** What is lost, for a message to users; undefined if the channels are kept. */
  readonly change?: string;
}

/** Sample rates that are kept. All others are resampled to 48 kHz. */
const PASSTHROUGH_RATES = [16000, 22050, 24000, 32000, 44100, 48000];
/** Layout per channel count. AAC identifies each by a number, so that players need no further description. */
const LAYOUTS = ["", "mono", "stereo", "3.0", "4.0", "5.0", "5.1"];

const toLayout = (channels: number): ChannelMapping => ({
  channels,
  filter: `aformat=channel_layouts=${LAYOUTS[channels]}`,
});

/** Mixes surround channels to stereo. */
export const STEREO_DOWNMIX: ChannelMapping = toLayout(2);

/**
 * Two cardioid microphones that point left and right, from the first two channels of ambisonics: W, which is
 * omnidirectional, and Y, which points left (AmbiX channel order, SN3D normalization).
 */
const AMBISONIC_TO_STEREO: ChannelMapping = {
  channels: 2,
  filter: "pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0-0.5*c1",
  change: "ambisonic audio is mixed down to stereo",
};

/**
 * Returns the ways to convert the channels of a track, in order of preference. ffmpeg rejects the first one if it does
 * not know where the channels belong.
 */
export function channelMappings({ channels, layout }: AudioInfo): readonly ChannelMapping[] {
  if (layout.startsWith("ambisonic")) return [AMBISONIC_TO_STEREO];
  const standard = toLayout(Math.min(channels, LAYOUTS.length - 1));
  if (channels < 2) return [standard];
  const firstTwo = {
    channels: 2,
    filter: "pan=stereo|c0=c0|c1=c1",
    change: `the first two of ${channels} channels without positions are kept, as left and right`,
  };
  return [standard, firstTwo];
}

/** Samples per AAC packet and channel. */
export const AAC_PACKET_SAMPLES = 1024;
/** Samples per channel that an AAC encoder inserts before time 0. */
export const AAC_PRIMING_SAMPLES = 1024;

/** How the packets of an AAC-LC track are copied. */
export interface AacCopy {
  /** Samples by which the packets begin later than multiples of 1024 samples on the clock of the file, 0 to 1023. */
  readonly phase: number;
  /** Mean size of the packets that were sampled, in bytes. */
  readonly meanBytes: number;
  /** Size of the largest packet that was sampled, in bytes. */
  readonly maxBytes: number;
}

/** An audio track, and what it becomes as AAC. */
export interface AacTrack {
  readonly source: AudioInfo;
  readonly mapping: ChannelMapping;
  /** Undefined for a track that is encoded. */
  readonly copy?: AacCopy;
}

/** Returns the sample rate of a track as AAC, Hertz. */
export const aacSampleRate = ({ sampleRate }: AudioInfo): number =>
  PASSTHROUGH_RATES.includes(sampleRate) ? sampleRate : 48000;

/** Returns the bits per second of a track as AAC. */
export const aacBitrate = ({ channels }: ChannelMapping): number => 64000 * channels;

/** Returns the AudioSpecificConfig of a track as AAC. */
export const aacTrackConfig = ({ source, mapping }: AacTrack): Uint8Array =>
  aacConfig(aacSampleRate(source), mapping.channels);

/** Seconds of audio per window. */
const WINDOW_SECONDS = 60;

/**
 * Returns the packets per window: windows are encoded on their own, so that any part of a long track can be encoded first.
 */
export const windowPackets = (track: AudioInfo): number =>
  Math.round((WINDOW_SECONDS * aacSampleRate(track)) / AAC_PACKET_SAMPLES);

/**
 * Returns the packets of a track that lasts as long as its video.
 *
 * @param priming samples before time 0
 */
export const aacPacketCount = (seconds: number, track: AudioInfo, priming = AAC_PRIMING_SAMPLES): number =>
  Math.ceil((seconds * aacSampleRate(track) + priming) / AAC_PACKET_SAMPLES - 1e-6);

/**
 * Packets that are encoded before a window and dropped. After them, the encoder's state is as if it had encoded
 * everything before: with 8, the error at a join is already that of any other packet.
 */
const PREROLL_PACKETS = 32;
/** Packets that are encoded after a window and dropped, because the encoder looks ahead. */
const POSTROLL_PACKETS = 4;

/** Packets of a track to read. */
export interface AacPacketRange {
  readonly first: number;
  readonly count: number;
  /** Seconds of the video at which packet 0 begins. Default 0. */
  readonly from?: number;
  /** Seconds after `from` at which the audio ends. Default: with the track. */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

/** Shortest audio that is encoded, seconds. */
export const MIN_SECONDS = 0.04;

/**
 * Encodes packets of one audio track as AAC-LC. Silence fills gaps, and the time before a late start, so that time 0 is
 * that of the video. Packet 0 is the encoder delay of 1024 samples. Ranges that are encoded apart join without a click.
 *
 * @returns the access units; fewer than `count` if the track ends before
 * @throws MediaError `ffmpeg-failed`, `ffmpeg-missing`, `ffmpeg-killed`; the signal's reason.
 */
export async function encodeAacPackets(
  path: string,
  info: ProbeResult,
  track: AacTrack,
  range: AacPacketRange,
): Promise<Uint8Array[]> {
  const { source, mapping } = track;
  const { first, count, from = 0, seconds, signal } = range;
  const rate = aacSampleRate(source);
  const skipped = Math.min(first, PREROLL_PACKETS);
  const begin = (first - skipped) * AAC_PACKET_SAMPLES;
  const wanted = (first + count + POSTROLL_PACKETS) * AAC_PACKET_SAMPLES;
  const end = Math.min(wanted, Math.round(Math.max(MIN_SECONDS, seconds ?? Infinity) * rate));
  if (end <= begin) return [];
  // At an integer second, the samples of all rates coincide, so that resampling has the same phase in all ranges.
  const zero = Math.floor(begin / rate);
  const { input, filter } = alignment(info, source, { from, zero });
  const stdout = stdoutPipe();
  const chunks: Buffer[] = [];
  stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions([...BASE_OPTIONS, ...input])
    .outputOptions(["-map", `0:a:${source.index}`, "-c:a", "aac", "-profile:a", "aac_low"])
    .outputOptions(["-b:a", String(aacBitrate(mapping)), "-ar", String(rate)])
    .outputOptions(["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "adts"])
    .audioFilters([
      ...filter,
      mapping.filter,
      `atrim=start_sample=${begin - zero * rate}:end_sample=${end - zero * rate}`,
      "asetpts=PTS-STARTPTS",
    ]);
  await runFfmpeg(command, { failure: `cannot encode the audio of ${path}`, stdout, signal });
  const stream = Buffer.concat(chunks);
  return stream.length === 0 ? [] : adtsPackets(stream).slice(skipped, skipped + count);
}

/** Returns the access units of an ADTS stream. */
export function adtsPackets(stream: Uint8Array): Uint8Array[] {
  const { offsets, sizes } = indexAdts(stream);
  return Array.from(offsets, (offset, i) => stream.subarray(offset, offset + sizes[i]));
}

/** Seconds by which a seek precedes the range, because packets may be stored some time before they are played. */
const SEEK_MARGIN = 1;

/** Returns the input options that seek, and the filters after which sample 0 is `zero` seconds after `from`. */
function alignment(
  info: ProbeResult,
  source: AudioInfo,
  { from, zero }: { readonly from: number; readonly zero: number },
): { readonly input: readonly string[]; readonly filter: readonly string[] } {
  const { sampleRate, startTime } = source;
  const rate = aacSampleRate(source);
  const start = rangeStart(info, { from });
  const seek = Math.max(0, Math.floor(start + zero - SEEK_MARGIN));
  const trackStart = startTime - info.fileStart;
  // If the clock may jump, ffmpeg counts from the first packet of the streams that it reads. Otherwise, it would round
  // the time of the seek to the ticks of the stream, which may be as long as a packet.
  const jumps = hasJumpingClock(info.container);
  const clockZero = jumps ? Math.max(seek, trackStart) : -info.fileStart;
  const shift = Math.round((start + zero - clockZero) * sampleRate);
  const origin = Math.round((trackStart - start) * sampleRate) - zero * sampleRate;
  const grid = packetGrid(info, source);
  const position =
    grid === undefined
      ? `PTS-${shift}`
      : `floor((PTS+NB_SAMPLES-${shift}-${origin})/${grid}+0.5)*${grid}+${origin}-NB_SAMPLES`;
  return {
    input: [...(jumps ? [] : ["-copyts"]), ...(seek > 0 ? ["-noaccurate_seek", "-ss", String(seek)] : [])],
    filter: [
      `asetpts=${position.replaceAll("--", "+").replaceAll("+-", "-")}`,
      // Otherwise, the resampler begins with the first packet after the seek.
      ...(sampleRate === rate ? [] : ["atrim=start_pts=0"]),
      // By default, a start that is up to 1 ms off is left as it is.
      `aresample=${rate}:async=1:min_comp=0:first_pts=0`,
    ],
  };
}

/** Samples of which the packets of a codec are multiples. */
const PACKET_GRIDS: Readonly<Record<string, number>> = {
  aac: 1024,
  ac3: 256,
  alac: 1024,
  dts: 512,
  eac3: 256,
  flac: 128,
  mp2: 1152,
  mp3: 576,
  opus: 480,
  vorbis: 64,
  wmav1: 256,
  wmav2: 256,
};

/**
 * Returns the number of samples, as an expression of ffmpeg, of which all packets end at a multiple, counted from the
 * start of the track; undefined if it is unknown or not needed. Containers other than MP4 round times, often to
 * milliseconds: after a seek, samples would be misplaced by as much.
 */
function packetGrid({ container }: ProbeResult, { codec }: AudioInfo): string | undefined {
  if (/mov|mp4/.test(container)) return undefined;
  return codec.startsWith("pcm_") ? "NB_SAMPLES" : PACKET_GRIDS[codec]?.toString();
}
