import { silentPacket } from "../../codec/iso/silence.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg, stdoutPipe } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import {
  AAC_PACKET_SAMPLES,
  AAC_PRIMING_SAMPLES,
  type AacCopy,
  type AacPacketRange,
  type AacTrack,
} from "./audio.js";
import { rangeStart } from "./timeline.js";

/** A track whose packets are copied. */
export interface CopiedTrack extends AacTrack {
  readonly copy: AacCopy;
}

/**
 * Returns the samples of a copied track before time 0: a packet that primes the decoder, and the part of the next one
 * that lies before the first frame.
 */
export function copyPriming(
  info: ProbeResult,
  { source, copy }: CopiedTrack,
  { from }: Pick<AacPacketRange, "from">,
): number {
  const zero = Math.round((info.fileStart + rangeStart(info, { from })) * source.sampleRate);
  const rest = (zero - copy.phase) % AAC_PACKET_SAMPLES;
  return AAC_PRIMING_SAMPLES + (rest < 0 ? rest + AAC_PACKET_SAMPLES : rest);
}

/** Seconds by which reading precedes and follows the range: containers interleave, and round times. */
const MARGIN = 1;
/** Seconds that are added to all times, because FLV has no negative ones. */
const TIME_OFFSET = 100;

/**
 * Copies packets of an AAC-LC track, each at the multiple of 1024 samples that is nearest to its time. Silence fills gaps,
 * and the time before a late start.
 *
 * @returns the access units; fewer than `count` if the track ends before
 * @throws MediaError `ffmpeg-failed`, `ffmpeg-missing`, `ffmpeg-killed`; the signal's reason.
 */
export async function copyAacPackets(
  path: string,
  info: ProbeResult,
  track: CopiedTrack,
  { first, count, from, signal }: AacPacketRange,
): Promise<Uint8Array[]> {
  const { sampleRate, index } = track.source;
  const priming = copyPriming(info, track, { from });
  const start = rangeStart(info, { from });
  const zero = Math.round((info.fileStart + start) * sampleRate) - priming;
  const timeOf = (packet: number) => (zero + packet * AAC_PACKET_SAMPLES) / sampleRate;
  const seek = Math.max(0, Math.floor(timeOf(first) - info.fileStart - MARGIN));
  const stdout = stdoutPipe();
  const chunks: Buffer[] = [];
  stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const offset = TIME_OFFSET - Math.floor(info.fileStart);
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions([...BASE_OPTIONS, "-copyts"])
    .inputOptions(seek > 0 ? ["-noaccurate_seek", "-ss", `${seek}`] : [])
    .outputOptions(["-map", `0:a:${index}`, "-c:a", "copy", "-copypriorss", "1"])
    .outputOptions(["-to", (timeOf(first + count) + MARGIN).toFixed(3)])
    // FLV is the simplest container with times.
    .outputOptions(["-avoid_negative_ts", "disabled", "-output_ts_offset", `${offset}`])
    .outputOptions(["-map_metadata", "-1", "-flvflags", "+no_metadata+no_duration_filesize", "-f", "flv"]);
  await runFfmpeg(command, { failure: `cannot read the audio of ${path}`, stdout, signal });
  const packets = new Map<number, Uint8Array>();
  for (const { milliseconds, packet } of flvPackets(Buffer.concat(chunks))) {
    const time = (milliseconds / 1000 - offset) * sampleRate;
    const position = Math.round((time - zero) / AAC_PACKET_SAMPLES) - first;
    if (position >= 0 && position < count && !packets.has(position)) packets.set(position, packet);
  }
  const last = Math.max(-1, ...packets.keys());
  const silence = silentPacket(track.mapping.channels);
  return Array.from({ length: last + 1 }, (_, position) => packets.get(position) ?? silence);
}

/** Bytes of an FLV file before its first tag. */
const FLV_HEADER = 13;
const TAG_HEADER = 11;
/** Bytes of a tag after its contents: its size again. */
const TAG_TRAILER = 4;
const AUDIO_TAG = 8;
/** Bytes in an AAC tag before the access unit: the format, and the kind of packet. */
const AAC_HEADER = 2;
const RAW_AAC = 1;

/** Yields the AAC access units of an FLV file, with their times (Adobe Flash Video File Format Specification 10.1, E.4). */
function* flvPackets(
  file: Buffer,
): Generator<{ readonly milliseconds: number; readonly packet: Uint8Array }> {
  for (let at = FLV_HEADER; at + TAG_HEADER <= file.length; ) {
    const size = file.readUIntBE(at + 1, 3);
    const data = at + TAG_HEADER;
    if (file[at] === AUDIO_TAG && file[data + 1] === RAW_AAC) {
      // The highest byte of the time is the last one.
      const milliseconds = (file[at + 7] << 24) | file.readUIntBE(at + 4, 3);
      yield { milliseconds, packet: new Uint8Array(file.subarray(data + AAC_HEADER, data + size)) };
    }
    at = data + size + TAG_TRAILER;
  }
}
