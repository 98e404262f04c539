import { rm } from "node:fs/promises";
import { MediaError } from "../errors.js";
import { ffmpegCommand, fileUrl, quiet, runFfmpeg } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import type { Span } from "./timeline.js";

export interface EncodeAudioOptions extends Span {
  /** The ADTS file to write (AAC-LC); replaced where it exists. */
  readonly output: string;
  /** Which of `info.audio`, from 0; default 0. */
  readonly track?: number;
  /** Bits a second; default 64 kbit/s a channel. */
  readonly bitrate?: number;
  readonly signal?: AbortSignal;
}

/** Rates kept as they are; every other becomes 48 kHz. */
const KEPT_RATES = [16000, 22050, 24000, 32000, 44100, 48000];
/** Layouts that AAC names by a number, by channel count: players need no further description. */
const LAYOUTS = ["", "mono", "stereo", "3.0", "4.0", "5.0", "5.1"];

/**
 * Encodes one audio track so that its time 0 is the picture's time 0 (silence fills a late start and gaps).
 * The first packet is the encoder's delay of 1024 samples.
 * @throws MediaError "ffmpeg-failed", "disk-full", "ffmpeg-missing".
 */
export async function encodeAudio(
  path: string,
  info: ProbeResult,
  options: EncodeAudioOptions,
): Promise<void> {
  const { from = 0, to, output, track = 0, signal } = options;
  const source = info.audio[track];
  if (!source) throw new MediaError("ffmpeg-failed", `${path} has no audio track ${track}`);
  const channels = Math.min(source.channels, LAYOUTS.length - 1);
  const rate = KEPT_RATES.includes(source.sampleRate) ? source.sampleRate : 48000;
  const end = to ?? (info.duration > 0 ? info.duration : undefined);
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions([...quiet, ...(from > 0 ? ["-ss", String(from)] : [])])
    .outputOptions(["-map", `0:a:${source.index}`, "-c:a", "aac", "-profile:a", "aac_low"])
    .outputOptions(["-b:a", String(options.bitrate ?? 64000 * channels), "-ar", String(rate)])
    .outputOptions(["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "adts"])
    .audioFilters([
      "aresample=async=1:first_pts=0",
      `aformat=channel_layouts=${LAYOUTS[channels]}`,
      ...(end === undefined ? [] : [`atrim=end=${Math.max(0.04, end - from)}`]),
    ])
    .output(fileUrl(output));
  try {
    await runFfmpeg(command, { failure: `cannot encode the sound of ${path}`, signal });
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  }
}
