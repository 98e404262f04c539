import { rm } from "node:fs/promises";
import { MediaError } from "../errors.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg } from "../ffmpeg/run.js";
import { hasJumpingClock } from "../probe/packets.js";
import type { ProbeResult } from "../probe/probe.js";
import type { AudioInfo } from "../probe/tracks.js";
import type { TimeRange } from "./time-range.js";
import { rangeStart } from "./timeline.js";

/** Options of `encodeAudio`. The time range defaults to the entire video. */
export interface EncodeAudioOptions extends TimeRange {
  /** The ADTS file to write (AAC-LC). An existing file is overwritten. */
  readonly output: string;
  /** Index in `info.audio`, from 0. Default 0. */
  readonly track?: number;
  /** Which channels to keep. Default: those of `channelMappings(track)[0]`. */
  readonly mapping?: ChannelMapping;
  /** Bits per second. Default: 64 kbit/s per channel. */
  readonly bitrate?: number;
  readonly signal?: AbortSignal;
}

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

/** Seconds by which a seek precedes the range, because packets may be stored some time before they are played. */
const SEEK_MARGIN = 1;

/**
 * Returns the time to seek to, in seconds from the start of the file, and the time at which ffmpeg then sees the first
 * frame of the range.
 */
function audioStart(info: ProbeResult, { startTime }: AudioInfo, from: number) {
  const start = rangeStart(info, { from });
  const seek = Math.max(0, Math.floor(start - SEEK_MARGIN));
  // If the clock may jump, ffmpeg counts from the first packet of the streams that it reads.
  const zero = hasJumpingClock(info.container) ? Math.max(seek, startTime - info.fileStart) : seek;
  return { seek, shift: start - zero };
}

/**
 * Encodes one audio track as AAC. Silence fills gaps, and the time before a late start, so that time 0 is that of the
 * video. The first packet is the encoder delay of 1024 samples.
 * @throws MediaError `ffmpeg-failed`, `disk-full`, `ffmpeg-missing`, `ffmpeg-killed`; the signal's reason.
 */
export async function encodeAudio(
  path: string,
  info: ProbeResult,
  options: EncodeAudioOptions,
): Promise<void> {
  const { from = 0, to, output, track = 0, signal } = options;
  const source = info.audio[track];
  if (!source) {
    const count = info.audio.length;
    throw new MediaError("ffmpeg-failed", `audio track ${track} does not exist: ${path} has ${count}`);
  }
  const { channels, filter } = options.mapping ?? channelMappings(source)[0];
  const rate = PASSTHROUGH_RATES.includes(source.sampleRate) ? source.sampleRate : 48000;
  const end = to ?? (info.duration > 0 ? info.duration : undefined);
  const { seek, shift } = audioStart(info, source, from);
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions([...BASE_OPTIONS, ...(seek > 0 ? ["-ss", String(seek)] : [])])
    .outputOptions(["-map", `0:a:${source.index}`, "-c:a", "aac", "-profile:a", "aac_low"])
    .outputOptions(["-b:a", String(options.bitrate ?? 64000 * channels), "-ar", String(rate)])
    .outputOptions(["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "adts"])
    .audioFilters([
      `asetpts=PTS-round(${shift.toFixed(6)}/TB)`,
      "aresample=async=1:first_pts=0",
      filter,
      ...(end === undefined ? [] : [`atrim=end=${Math.max(0.04, end - from)}`]),
    ])
    .output(fileUrl(output));
  try {
    await runFfmpeg(command, { failure: `cannot encode the audio of ${path}`, signal });
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  }
}
