import { type FileHandle, open, stat } from "node:fs/promises";
import { AdtsIndexer, type AdtsStream } from "../../codec/internal.js";
import { encodeAudio } from "../../media/index.js";
import type { EncodeJob } from "../tile/encode-job.js";

/** One encoded audio track: an ADTS file and where its packets lie in it. */
export interface EncodedAudio extends AdtsStream {
  readonly path: string;
  /** ISO 639-2. */
  readonly language: string;
}

/** What is needed of a video of either profile. */
type AudioSource = Pick<EncodeJob, "info" | "checkpoints"> & {
  readonly options: Pick<EncodeJob["options"], "input" | "from" | "to">;
};

/**
 * Encodes every audio track once (AAC-LC), or takes it from the checkpoints. A track without a sample in the
 * part that is encoded is left out.
 */
export async function encodeAudioTracks(job: AudioSource, signal?: AbortSignal): Promise<EncodedAudio[]> {
  const { info, options, checkpoints } = job;
  const { input, from, to } = options;
  const audio: EncodedAudio[] = [];
  for (const [track, { language }] of info.audio.entries()) {
    const name = `audio-${track}.adts`;
    const path = checkpoints.path(name);
    if ((await stat(path).catch(() => undefined)) === undefined) {
      // The name is this process's own: after a kill, the ffmpeg of the one before may still write.
      const output = checkpoints.path(`audio-${track}.${process.pid}.part.adts`);
      await encodeAudio(input, info, { from, to, track, output, signal });
      await checkpoints.commitFile(name, output);
    }
    const stream = await indexFile(path);
    if (stream !== undefined) audio.push({ ...stream, path, language });
  }
  return audio;
}

/** Bytes read at a time. */
const PIECE = 1 << 20;

/** Undefined for an empty file. */
async function indexFile(path: string): Promise<AdtsStream | undefined> {
  await using file = await open(path);
  const indexer = new AdtsIndexer();
  const buffer = new Uint8Array(PIECE);
  let kept = 0;
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, kept, PIECE - kept, at);
    if (bytesRead === 0) return at === 0 ? undefined : indexer.finish(kept);
    at += bytesRead;
    const filled = kept + bytesRead;
    const used = indexer.push(buffer.subarray(0, filled));
    buffer.copyWithin(0, used, filled);
    kept = filled - used;
  }
}

/** Reads `count` packets from `first` on, without their ADTS headers. */
export async function readPackets(
  file: FileHandle,
  { offsets, sizes }: AdtsStream,
  first: number,
  count: number,
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
