import { appendFile, type FileHandle, open, stat } from "node:fs/promises";
import {
  AdtsIndexer,
  type AdtsStream,
  frameSeconds,
  padWithSilence,
  type TrackLabelFields,
  writeAdts,
} from "../../codec/internal.js";
import {
  type AudioInfo,
  type ChannelMapping,
  channelMappings,
  encodeAudio,
  MediaError,
  STEREO_DOWNMIX,
} from "../../media/index.js";
import type { EncodeJob } from "./profile.js";

/** Samples per AAC packet and channel. */
export const AAC_PACKET_SAMPLES = 1024;
/** Samples per channel that an AAC encoder inserts before time 0. */
export const AAC_PRIMING_SAMPLES = 1024;

/** An encoded audio track: an ADTS file and the positions of its packets. */
export interface EncodedAudio extends AdtsStream, TrackLabelFields {
  readonly path: string;
}

/**
 * Encodes every audio track to AAC-LC, and a stereo downmix of each track with more than two channels. Reuses tracks
 * that the work folder already contains. Leaves out tracks that ffmpeg cannot decode, or that have no samples in the
 * encoded time range, and reports each by a `stream-skipped` event.
 */
export async function encodeAudioTracks(job: EncodeJob): Promise<EncodedAudio[]> {
  const tracks: (EncodedAudio & { readonly source: AudioInfo })[] = [];
  for (const source of job.video.info.audio) {
    const encoded = await encodeTrack(job, source, `audio-${source.index}`, channelMappings(source));
    if (encoded === undefined) continue;
    const { language, title } = source;
    const isDefault = source.default && tracks.every((track) => !track.default);
    tracks.push({ ...encoded, source, language, title, default: isDefault });
  }
  // Downmixes follow all originals, so that the originals are numbered as in the source.
  const downmixes: EncodedAudio[] = [];
  for (const [index, { source, channels, language, title }] of tracks.entries()) {
    if (channels <= STEREO_DOWNMIX.channels) continue;
    const encoded = await encodeTrack(job, source, `audio-${source.index}-stereo`, [STEREO_DOWNMIX]);
    if (encoded !== undefined) downmixes.push({ ...encoded, language, title, downmixOf: index });
  }
  return [...tracks, ...downmixes];
}

/** Encodes one track with the first mapping of channels that ffmpeg accepts. Returns undefined if the track is skipped. */
async function encodeTrack(
  job: EncodeJob,
  source: AudioInfo,
  name: string,
  mappings: readonly ChannelMapping[],
): Promise<(AdtsStream & { readonly path: string }) | undefined> {
  const { checkpoints, emit, signal } = job;
  const { info, frameCount } = job.video;
  const { input, from = 0 } = job.options;
  const description = `audio track ${source.index + 1} of ${input} (${source.codec}, language ${source.language})`;
  const skip = (reason: string): undefined => {
    emit({ type: "stream-skipped", message: `skipped ${description}: ${reason}` });
  };
  const path = checkpoints.path(`${name}.adts`);
  if ((await stat(path).catch(() => undefined)) === undefined) {
    if (source.channels === 0) return skip("ffmpeg does not know its codec");
    // The temporary name includes the process id, because the ffmpeg of a killed encode may still be writing to its file.
    const output = checkpoints.path(`${name}.${process.pid}.part.adts`);
    const seconds = frameSeconds(frameCount, info.frameRate);
    const range = { from, to: from + seconds, track: source.index, output, signal };
    const [mapping, failure] = await firstAccepted(mappings, (candidate) =>
      encodeAudio(input, info, { ...range, mapping: candidate }),
    );
    if (mapping === undefined) return skip(`${failure?.message}; convert it with ffmpeg to keep it`);
    if (mapping.change !== undefined)
      emit({ type: "stream-converted", message: `${description}: ${mapping.change}` });
    await padAdtsFile(output, seconds);
    await checkpoints.commitFile(`${name}.adts`, output);
  }
  const stream = await indexAdtsFile(path);
  return stream === undefined ? skip("it has no audio in the encoded time range") : { ...stream, path };
}

/** Runs `encode` with one mapping after the other until ffmpeg accepts one. Returns that one, or else the first error. */
async function firstAccepted(
  mappings: readonly ChannelMapping[],
  encode: (mapping: ChannelMapping) => Promise<void>,
): Promise<[accepted: ChannelMapping | undefined, failure: MediaError | undefined]> {
  let failure: MediaError | undefined;
  for (const mapping of mappings) {
    try {
      await encode(mapping);
      return [mapping, failure];
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== "ffmpeg-failed") throw error;
      failure ??= error;
    }
  }
  return [undefined, failure];
}

/** Appends silence to a file that ends before the video, so that it lasts as long. Leaves an empty file as it is. */
async function padAdtsFile(path: string, seconds: number): Promise<void> {
  const stream = await indexAdtsFile(path);
  if (stream === undefined) return;
  const { sampleRate, config, sizes } = stream;
  const needed = Math.ceil((seconds * sampleRate + AAC_PRIMING_SAMPLES) / AAC_PACKET_SAMPLES - 1e-6);
  const missing = needed - sizes.length;
  if (missing > 0) await appendFile(path, writeAdts(config, padWithSilence([], missing, config)));
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
