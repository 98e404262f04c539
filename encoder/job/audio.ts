import { type FileHandle, open, stat } from "node:fs/promises";
import { AdtsIndexer, type AdtsStream, frameSeconds, type TrackLabelFields } from "../../codec/internal.js";
import { aacPriming, encodeAudio, MediaError, type PlannedAudio, planAudio } from "../../media/index.js";
import type { EncodeJob } from "./profile.js";

/** An encoded audio track: an ADTS file and the positions of its packets. */
export interface EncodedAudio extends AdtsStream, TrackLabelFields {
  readonly path: string;
  /** Samples before time 0. */
  readonly priming: number;
}

/**
 * Encodes or copies the audio tracks of the video as `planAudio` says. Reuses tracks that the work folder already contains. Reports
 * what is left out or changed by events.
 */
export async function encodeAudioTracks(job: EncodeJob): Promise<EncodedAudio[]> {
  const { emit, signal } = job;
  const { info, frameCount } = job.video;
  const { input, from = 0 } = job.options;
  const seconds = frameSeconds(frameCount, info.frameRate);
  const { tracks, notes } = await planAudio(input, info, { from, seconds, signal });
  for (const note of notes) emit(note);
  const encoded: EncodedAudio[] = [];
  /** Index among the encoded tracks of each planned one. */
  const indexes = new Map<number, number>();
  for (const [index, planned] of tracks.entries()) {
    const { language, title, default: isDefault, downmixOf } = planned;
    const original = downmixOf === null ? null : indexes.get(downmixOf);
    if (original === undefined) continue;
    const track = await encodeTrack(job, planned, { from, seconds });
    if (track === undefined) continue;
    indexes.set(index, encoded.length);
    encoded.push({ ...track, language, title, default: isDefault, downmixOf: original });
  }
  return encoded;
}

/** Encodes one track. Returns undefined if it turns out to be damaged or empty, which is reported. */
async function encodeTrack(
  { checkpoints, emit, signal, video: { info }, options: { input } }: EncodeJob,
  planned: PlannedAudio,
  { from, seconds }: { readonly from: number; readonly seconds: number },
): Promise<Omit<EncodedAudio, "language"> | undefined> {
  const { source, mapping, downmixOf, copy } = planned;
  const skip = (reason: string): undefined => {
    const description = `audio track ${source.index + 1} of ${input} (${source.codec}, language ${source.language})`;
    emit({ type: "stream-skipped", message: `skipped ${description}: ${reason}` });
  };
  const name = `audio-${source.index}${downmixOf === null ? "" : "-stereo"}${copy === undefined ? "" : "-copy"}`;
  const path = checkpoints.path(`${name}.adts`);
  if ((await stat(path).catch(() => undefined)) === undefined) {
    // The temporary name includes the process id, because the ffmpeg of a killed encode may still be writing to its file.
    const output = checkpoints.path(`${name}.${process.pid}.part.adts`);
    const range = { from, to: from + seconds, track: source.index, mapping, copy, output, signal };
    try {
      await encodeAudio(input, info, range);
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== "ffmpeg-failed") throw error;
      return skip(`${error.message}; convert it with ffmpeg to keep it`);
    }
    await checkpoints.commitFile(`${name}.adts`, output);
  }
  const stream = await indexAdtsFile(path);
  if (stream === undefined) return skip("it has no audio in the encoded time range");
  return { ...stream, path, priming: aacPriming(info, planned, { from }) };
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
