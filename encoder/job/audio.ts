import { type FileHandle, open, stat } from "node:fs/promises";
import { AdtsIndexer, type AdtsStream } from "../../codec/internal.js";
import { encodeAudio } from "../../media/index.js";
import type { EncodeJob } from "./profile.js";

/** An encoded audio track: an ADTS file and the positions of its packets. */
export interface EncodedAudio extends AdtsStream {
  readonly path: string;
  /** ISO 639-2 code. */
  readonly language: string;
}

/**
 * Encodes every audio track to AAC-LC. Reuses tracks that the work folder already contains. Leaves out tracks without
 * samples in the encoded time range.
 */
export async function encodeAudioTracks(job: EncodeJob): Promise<EncodedAudio[]> {
  const { checkpoints, signal } = job;
  const { info } = job.video;
  const { input, from, to } = job.options;
  const tracks: EncodedAudio[] = [];
  for (const [track, { language }] of info.audio.entries()) {
    const name = `audio-${track}.adts`;
    const path = checkpoints.path(name);
    if ((await stat(path).catch(() => undefined)) === undefined) {
      // The temporary name includes the process id, because the ffmpeg of a killed encode may still be writing to its file.
      const output = checkpoints.path(`audio-${track}.${process.pid}.part.adts`);
      await encodeAudio(input, info, { from, to, track, output, signal });
      await checkpoints.commitFile(name, output);
    }
    const stream = await indexAdtsFile(path);
    if (stream !== undefined) tracks.push({ ...stream, path, language });
  }
  return tracks;
}

const BUFFER_BYTES = 1 << 20;

/** Returns the positions of the packets; undefined for an empty file. */
async function indexAdtsFile(path: string): Promise<AdtsStream | undefined> {
  await using file = await open(path);
  const indexer = new AdtsIndexer();
  const buffer = new Uint8Array(BUFFER_BYTES);
  let pending = 0;
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, pending, BUFFER_BYTES - pending, position);
    if (bytesRead === 0) return position === 0 ? undefined : indexer.finish(pending);
    position += bytesRead;
    const available = pending + bytesRead;
    const consumed = indexer.push(buffer.subarray(0, available));
    buffer.copyWithin(0, consumed, available);
    pending = available - consumed;
  }
}

/** A range of packets. */
export interface PacketRange {
  readonly first: number;
  readonly count: number;
}

/** Reads packets of a track, without their ADTS headers. */
export async function readPackets(
  file: FileHandle,
  { offsets, sizes }: AdtsStream,
  { first, count }: PacketRange,
): Promise<Uint8Array> {
  const last = first + count - 1;
  const start = offsets[first];
  const stream = new Uint8Array(offsets[last] + sizes[last] - start);
  await file.read(stream, 0, stream.length, start);
  let length = 0;
  for (let packet = first; packet <= last; packet++) {
    const at = offsets[packet] - start;
    stream.copyWithin(length, at, at + sizes[packet]);
    length += sizes[packet];
  }
  return stream.subarray(0, length);
}
