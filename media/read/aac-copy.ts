import { stat } from "node:fs/promises";
import { aacConfig } from "../../codec/iso/adts.js";
import { isSeekable, readIntervals } from "../probe/packets.js";
import type { ProbeResult } from "../probe/probe.js";
import { spawnFfprobe } from "../probe/run-ffprobe.js";
import type { AudioInfo } from "../probe/tracks.js";
import { AAC_PACKET_SAMPLES, type AacCopy, aacSampleRate } from "./audio.js";
import { parseHexDump } from "./hex-dump.js";

/** Samples by which the time of a packet may differ from a multiple of its length. Many containers round to milliseconds. */
const MAX_DEVIATION = AAC_PACKET_SAMPLES / 4;
/** Packets per window of a long track: two seconds. */
const WINDOW_PACKETS = 100;
/** Packets, such as the first one of a recording, that may be further off. They move to the nearest multiple. */
const MAX_OFF_GRID = 2;

/**
 * Returns how to copy the packets of an AAC-LC track; undefined if it must be encoded again: another profile, more than two
 * channels, a rare sample rate, or times that do not follow from the number of packets. Reads the times of all packets of a
 * short track, and samples of a long one.
 *
 * @throws MediaError `ffmpeg-missing`; the signal's reason.
 */
export async function planAacCopy(
  path: string,
  info: ProbeResult,
  source: AudioInfo,
  signal?: AbortSignal,
): Promise<AacCopy | undefined> {
  const { codec, profile, channels, sampleRate } = source;
  const isPlain = codec === "aac" && profile === "LC" && (channels === 1 || channels === 2);
  if (!isPlain || sampleRate !== aacSampleRate(source) || !isSeekable(info.container)) return undefined;
  const { packets, config } = await probePackets(path, info, source, signal);
  return isLowComplexity(config, source) ? placeOnGrid(packets, sampleRate) : undefined;
}

/** Whether an AudioSpecificConfig describes packets of 1024 samples, without an extension that adds to the spectrum. */
function isLowComplexity(config: Uint8Array, { sampleRate, channels }: AudioInfo): boolean {
  const expected = aacConfig(sampleRate, channels);
  // A sync extension (ISO/IEC 14496-3, 1.6.6.1) whose flag says that there is spectral band replication.
  const hasReplication = config[2] === 0x56 && config[3] >= 0xe5 && (config[4] & 0x80) !== 0;
  return config.length >= 2 && expected.every((byte, i) => byte === config[i]) && !hasReplication;
}

/** A packet as ffprobe reports it. */
interface ProbedPacket {
  /** Seconds on the clock of the file. */
  readonly pts_time?: string;
  /** Bytes. */
  readonly size?: string;
}

async function probePackets(
  path: string,
  { container, duration }: ProbeResult,
  { index, startTime }: AudioInfo,
  signal: AbortSignal | undefined,
): Promise<{ readonly packets: readonly ProbedPacket[]; readonly config: Uint8Array }> {
  const { size: bytes } = await stat(path);
  const streams = [{ index, start_time: `${startTime}` }];
  const intervals = readIntervals({ streams, container, duration, bytes }, WINDOW_PACKETS);
  let json = "";
  const args = [
    ...[
      "-of",
      "json=compact=1",
      "-select_streams",
      `a:${index}`,
      "-show_streams",
      "-show_packets",
      "-show_data",
    ],
    ...["-show_entries", "stream=extradata:packet=pts_time,size"],
    ...(intervals.length > 0 ? ["-read_intervals", intervals.join(",")] : []),
  ];
  const onText = (text: string) => {
    json += text;
  };
  const { status } = await spawnFfprobe(path, { args, onText, signal });
  if (status !== 0) return { packets: [], config: new Uint8Array() };
  const { packets = [], streams: probed = [] } = JSON.parse(json) as {
    readonly packets?: readonly ProbedPacket[];
    readonly streams?: readonly { readonly extradata?: string }[];
  };
  return { packets, config: parseHexDump(probed[0]?.extradata ?? "") };
}

/** Returns the grid on which the packets lie; undefined if they do not lie on one. */
function placeOnGrid(packets: readonly ProbedPacket[], sampleRate: number): AacCopy | undefined {
  const times = [...new Set(packets.map(({ pts_time }) => Number(pts_time) * sampleRate))];
  if (times.length === 0 || times.some(Number.isNaN)) return undefined;
  const reference = times[times.length >> 1];
  const near = times
    .map((time) => wrap(time - reference + AAC_PACKET_SAMPLES / 2) - AAC_PACKET_SAMPLES / 2)
    .filter((deviation) => Math.abs(deviation) <= MAX_DEVIATION);
  if (times.length - near.length > MAX_OFF_GRID) return undefined;
  // The mean is exact where the container rounds times.
  const mean = near.reduce((sum, deviation) => sum + deviation, 0) / near.length;
  const phase = wrap(Math.round(reference + mean));
  const slots = new Set(times.map((time) => Math.round((time - phase) / AAC_PACKET_SAMPLES)));
  if (slots.size < times.length) return undefined;
  const sizes = packets.map(({ size }) => Number(size) || 0);
  const maxBytes = sizes.reduce((max, size) => Math.max(max, size), 0);
  return { phase, meanBytes: sizes.reduce((sum, size) => sum + size, 0) / sizes.length, maxBytes };
}

/** Returns the remainder of a number of samples, from 0 to the length of a packet. */
const wrap = (samples: number): number =>
  samples - AAC_PACKET_SAMPLES * Math.floor(samples / AAC_PACKET_SAMPLES);
