import type { ByteSource } from "../bytes/byte-source.js";
import { concatenate } from "../bytes/concatenate.js";
import { SieddError } from "../errors.js";
import type { SampleTable } from "../iso/tables.js";
import { readTextSamples, type TextCue } from "../iso/text-track.js";
import type { TrackLabels } from "../iso/track-labels.js";
import { FREE_VIDEO_SECONDS, MAX_GROUP_FRAMES, MAX_GROUP_SECONDS, MAX_MOOV_BYTES } from "../limits.js";
import type { Configuration } from "./configuration.js";
import type { AssetMetadata } from "./metadata.js";
import type { Model, PaperModel, TileModel } from "./model.js";
import { type ParsedAudioTrack, parseMovie } from "./parse.js";
import { frameSeconds, type Rational } from "./rational.js";
import { type FileRange, locateParts, type PartEntry, payloadRanges } from "./spans.js";

/** Index entry of a group: consecutive frames that decode independently of most other groups. */
export interface GroupEntry {
  readonly index: number;
  /** Index of the group's first frame in the video. */
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Offset of the group's sample from the start of the file, in bytes. */
  readonly offset: number;
  /** Size of the group's sample in bytes. */
  readonly size: number;
  /**
   * The parts that the group's networks consist of, longest span first. The last one covers this group only; others may be
   * in the samples of up to three earlier groups. Undefined if all networks cover this group only.
   */
  readonly parts?: readonly PartEntry[];
}

/** One AAC-LC audio track. Packets are stored exactly as they were encoded at ingest. */
export interface AudioTrack extends Omit<TrackLabels, "forced"> {
  readonly index: number;
  /** RFC 6381 codec string, `mp4a.40.2`. */
  readonly codec: string;
  /** Hertz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig (ISO/IEC 14496-3). */
  readonly config: Uint8Array;
  readonly packetCount: number;
  /** Samples per packet, 1024. */
  readonly packetDuration: number;
  /** Encoder delay: samples that precede time 0 of the video. */
  readonly priming: number;
  /** Total size of all packets in bytes. */
  readonly bytes: number;
  /** Size of the largest packet in bytes. */
  readonly maxPacketBytes: number;
}

/** One subtitle track, stored as WebVTT. */
export interface TextTrack extends Omit<TrackLabels, "downmixOf"> {
  readonly index: number;
  readonly codec: "wvtt";
  /** Total size of all samples in bytes. */
  readonly bytes: number;
}

/** The part of an open asset that does not depend on its network profile. */
export interface BaseAsset {
  /** Name for error messages: `options.name` of `openAsset`, else "the asset". */
  readonly name: string;
  /** Hash of the file's content from when it was written, in hexadecimal; null for files of earlier versions. */
  readonly identity: string | null;
  readonly metadata: AssetMetadata;
  /** Size of the cover art in bytes; 0 for none. */
  readonly coverBytes: number;
  /** Version of the file format. */
  readonly version: number;
  /** Source pixels. */
  readonly width: number;
  /** Source pixels. */
  readonly height: number;
  readonly frameCount: number;
  readonly frameRate: Rational;
  /** Seconds. */
  readonly duration: number;
  /** File size in bytes. */
  readonly bytes: number;
  /** Bytes from the start of the file that a video decoder needs before its first group. */
  readonly headerBytes: number;
  /** Total size of all audio packets in bytes. */
  readonly audioBytes: number;
  readonly groups: readonly GroupEntry[];
  readonly audio: readonly AudioTrack[];
  readonly text: readonly TextTrack[];
  /**
   * Reads the payload of one group: its sample, after the parts in the samples of earlier groups that it needs.
   * @throws SieddError `bad-request` if the group does not exist. Errors of the source pass through.
   */
  readGroup(index: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Reads `count` AAC access units of a track, without ADTS headers, starting with packet `first`.
   * @throws SieddError `bad-request` if a packet does not exist. Errors of the source pass through.
   */
  readAudio(track: number, first: number, count: number, signal?: AbortSignal): Promise<Uint8Array[]>;
  /**
   * Reads the cover art, a JPEG file.
   * @throws SieddError `bad-request` if the asset has none. Errors of the source pass through.
   */
  readCover(signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Reads all subtitles of a track, ordered by start time.
   * @throws SieddError `bad-request` if the track does not exist. Errors of the source pass through.
   */
  readText(track: number, signal?: AbortSignal): Promise<TextCue[]>;
}

/**
 * An open `.siedd` file. Its header is in memory; groups, audio and subtitles are read on demand. Check
 * `profile` to narrow the type to the network that the asset holds.
 */
export type Asset = BaseAsset & Model;
/** An asset of the `tile` profile. */
export type TileAsset = BaseAsset & TileModel;
/** An asset of the `paper` profile. */
export type PaperAsset = BaseAsset & PaperModel;

/** Bytes of the first read: enough for the header of most assets. */
const FIRST_READ_BYTES = 65536;
const AAC_SAMPLES_PER_PACKET = 1024;

/**
 * Opens an asset. Takes one or two reads, independent of the length of the video.
 *
 * @param options.name name of the asset for error messages, such as its file name
 * @throws SieddError `bad-asset` (not an asset, or damaged), `truncated-asset`, `unsupported-version`. Errors of
 *   the source, such as `read-failed`, pass through.
 */
export async function openAsset(
  source: ByteSource,
  options: { name?: string; signal?: AbortSignal } = {},
): Promise<Asset> {
  const name = options.name ?? "the asset";
  try {
    return await open(source, name, options.signal);
  } catch (cause) {
    // Errors of the source already name the file.
    const namesFile =
      cause instanceof SieddError && (cause.code === "read-failed" || cause.code === "asset-replaced");
    if (cause instanceof SieddError && options.name !== undefined && !namesFile) {
      throw new SieddError(cause.code, `${options.name}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

async function open(source: ByteSource, name: string, signal?: AbortSignal): Promise<Asset> {
  const { start, contents } = await readMoov(source, signal);
  const { identity, metadata, cover, video, videoEnd, audio, text } = parseMovie(contents, source.size);
  const { configuration } = video;
  const samples = groupEntries(video.samples, configuration.frameRate, configuration.frameCount);
  const groups = video.spans === undefined ? samples : locateParts(samples, video.spans);
  checkDuration(configuration, source.size);
  const tracks = audioTracks(audio);
  return {
    name,
    identity,
    metadata,
    coverBytes: cover?.size ?? 0,
    version: configuration.version,
    ...configuration.model,
    width: video.width,
    height: video.height,
    frameCount: configuration.frameCount,
    frameRate: configuration.frameRate,
    duration: (configuration.frameCount * configuration.frameRate.den) / configuration.frameRate.num,
    bytes: source.size,
    headerBytes: start + videoEnd,
    audioBytes: tracks.reduce((sum, track) => sum + track.bytes, 0),
    groups,
    audio: tracks,
    text: text.map(
      ({ labels: { language, title, default: isDefault, forced }, samples: { sizes } }, index) => ({
        index,
        codec: "wvtt",
        language,
        title,
        default: isDefault,
        forced,
        bytes: sizes.reduce((sum, size) => sum + size, 0),
      }),
    ),
    readGroup(index, readSignal) {
      const group = groups[index];
      if (group === undefined) {
        return Promise.reject(
          new SieddError(
            "bad-request",
            `group ${index} does not exist: the asset has groups 0 to ${groups.length - 1}`,
          ),
        );
      }
      return readRanges(source, payloadRanges(group), readSignal);
    },
    readAudio(track, first, count, readSignal) {
      const samples = audio[track]?.samples;
      if (samples === undefined || !(first >= 0 && count >= 0 && first + count <= samples.sizes.length)) {
        return Promise.reject(
          new SieddError(
            "bad-request",
            `packets ${first} to ${first + count - 1} of audio track ${track} do not exist: ` +
              (samples === undefined ? "no such track" : `the track has ${samples.sizes.length} packets`),
          ),
        );
      }
      return readSamples(source, samples, { first, count }, readSignal);
    },
    async readCover(readSignal) {
      if (cover === undefined) throw new SieddError("bad-request", "the asset has no cover");
      return source.read(cover.offset, cover.size, readSignal);
    },
    async readText(track, readSignal) {
      const samples = text[track]?.samples;
      if (samples === undefined) {
        throw new SieddError(
          "bad-request",
          `subtitle track ${track} does not exist: the asset has ${text.length}`,
        );
      }
      const range = { first: 0, count: samples.sizes.length };
      return readTextSamples(await readSamples(source, samples, range, readSignal), samples.durations);
    },
  };
}

/** Reads the `moov` box, which must follow `ftyp`. `start` is the file offset of its contents. */
async function readMoov(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<{ start: number; contents: Uint8Array }> {
  if (source.size < 16) throw notAnAsset(`the file has only ${source.size} bytes`);
  const block = await source.read(0, Math.min(source.size, FIRST_READ_BYTES), signal);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const typeAt = (offset: number) => String.fromCharCode(...block.subarray(offset + 4, offset + 8));
  if (typeAt(0) !== "ftyp") throw notAnAsset("the first box is not ftyp");
  const moov = view.getUint32(0);
  if (moov < 16 || moov + 8 > block.length)
    throw notAnAsset(`its ftyp box has an invalid size, ${moov} bytes`);
  if (typeAt(moov) !== "moov") throw notAnAsset("moov does not follow ftyp");
  const size = view.getUint32(moov);
  if (size < 8 || size > MAX_MOOV_BYTES) throw notAnAsset(`its moov box has an invalid size, ${size} bytes`);
  const end = moov + size;
  if (end > source.size) {
    throw new SieddError(
      "truncated-asset",
      `the asset is truncated: its header ends at byte ${end}, but the file has ${source.size} bytes; copy or encode it again`,
    );
  }
  const start = moov + 8;
  const contents =
    end <= block.length ? block.subarray(start, end) : await source.read(start, size - 8, signal);
  return { start, contents };
}

function notAnAsset(reason: string): SieddError {
  return new SieddError("bad-asset", `not a siedd asset: ${reason}; create one with siedd encode`);
}

function groupEntries(samples: SampleTable, rate: Rational, frameCount: number): GroupEntry[] {
  const groups: GroupEntry[] = [];
  let firstFrame = 0;
  for (let index = 0; index < samples.sizes.length; index++) {
    const frames = samples.durations[index] / rate.den;
    if (!Number.isInteger(frames) || frames < 1 || frames > MAX_GROUP_FRAMES) {
      throw new SieddError(
        "bad-asset",
        `the asset is damaged: group ${index} lasts ${frames} frames, must be an integer from 1 to ${MAX_GROUP_FRAMES}`,
      );
    }
    const seconds = frameSeconds(frames, rate);
    if (seconds > MAX_GROUP_SECONDS) {
      throw new SieddError(
        "bad-asset",
        `the asset is damaged: group ${index} lasts ${seconds} s, must be at most ${MAX_GROUP_SECONDS} s`,
      );
    }
    groups.push({
      index,
      firstFrame,
      frameCount: frames,
      offset: samples.offsets[index],
      size: samples.sizes[index],
    });
    firstFrame += frames;
  }
  if (firstFrame !== frameCount) {
    throw new SieddError(
      "bad-asset",
      `the asset is damaged: its groups hold ${firstFrame} frames, its header says ${frameCount}`,
    );
  }
  return groups;
}

/** Returns the audio tracks. Exactly one is the default: the first that is labeled so, else the first. */
function audioTracks(parsed: readonly ParsedAudioTrack[]): AudioTrack[] {
  const labeled = parsed.findIndex(({ labels }) => labels.default && labels.downmixOf === null);
  return parsed.map((track, index) => ({
    ...audioTrack(track, index),
    default: index === Math.max(0, labeled),
    downmixOf: originalOf(track, parsed),
  }));
}

/** Returns the index of the track that a track is a downmix of; null if it is none, or its label is wrong. */
function originalOf({ labels }: ParsedAudioTrack, tracks: readonly ParsedAudioTrack[]): number | null {
  const { downmixOf } = labels;
  return downmixOf !== null && tracks[downmixOf]?.labels.downmixOf === null ? downmixOf : null;
}

function audioTrack(parsed: ParsedAudioTrack, index: number): Omit<AudioTrack, "default" | "downmixOf"> {
  const { sizes } = parsed.samples;
  const { language, title } = parsed.labels;
  return {
    index,
    codec: "mp4a.40.2",
    sampleRate: parsed.sampleRate,
    channels: parsed.channels,
    language,
    title,
    config: parsed.config,
    packetCount: sizes.length,
    packetDuration: AAC_SAMPLES_PER_PACKET,
    priming: parsed.priming,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    maxPacketBytes: sizes.reduce((max, size) => Math.max(max, size), 0),
  };
}

/** Throws SieddError `bad-asset` if a video lasts longer than its bytes can mean: all of its seconds are listed. */
function checkDuration({ frameCount, frameRate }: Configuration, fileSize: number): void {
  const seconds = frameSeconds(frameCount, frameRate);
  const maxSeconds = FREE_VIDEO_SECONDS + fileSize;
  if (seconds <= maxSeconds) return;
  throw new SieddError(
    "bad-asset",
    `the asset is damaged: it lasts ${seconds} s, must be at most ${maxSeconds} s with ${fileSize} bytes`,
  );
}

/** Reads ranges of a file and joins them. */
async function readRanges(
  source: ByteSource,
  ranges: readonly FileRange[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const parts = await Promise.all(ranges.map(({ offset, size }) => source.read(offset, size, signal)));
  return parts.length === 1 ? parts[0] : concatenate(parts);
}

/** Reads samples `first` to `first + count - 1`, with one read per run of contiguous samples. */
async function readSamples(
  source: ByteSource,
  { offsets, sizes }: SampleTable,
  { first, count }: { readonly first: number; readonly count: number },
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  const samples: Uint8Array[] = [];
  for (let index = first; index < first + count; ) {
    const start = offsets[index];
    let end = start + sizes[index];
    let next = index + 1;
    for (; next < first + count && offsets[next] === end; next++) end += sizes[next];
    const bytes = await source.read(start, end - start, signal);
    for (; index < next; index++) {
      const offset = offsets[index] - start;
      samples.push(bytes.subarray(offset, offset + sizes[index]));
    }
  }
  return samples;
}
