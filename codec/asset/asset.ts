import type { ByteSource } from "../bytes/byte-source.js";
import { SieddError } from "../errors.js";
import type { SampleTable } from "../iso/tables.js";
import { readTextSamples, type TextCue } from "../iso/text-track.js";
import type { Model, PaperModel, TileModel } from "./model.js";
import { type ParsedAudio, parseMovie } from "./parse.js";
import type { Rational } from "./rational.js";

/** Consecutive frames that decode on their own: where they are in time and in the file. */
export interface GroupEntry {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** One AAC-LC track, stored as it was encoded at ingest. */
export interface AudioTrack {
  readonly index: number;
  /** RFC 6381, "mp4a.40.2". */
  readonly codec: string;
  /** Hertz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** ISO 639-2, "und" where unknown. */
  readonly language: string;
  /** AudioSpecificConfig. */
  readonly config: Uint8Array;
  readonly packetCount: number;
  /** Samples a packet: 1024. */
  readonly packetDuration: number;
  /** Samples before time 0 of the picture (encoder delay). */
  readonly priming: number;
  /** Bytes of all packets. */
  readonly bytes: number;
  /** Bytes of the largest packet. */
  readonly maxPacketBytes: number;
}

/** One track of subtitles, kept as WebVTT. */
export interface TextTrack {
  readonly index: number;
  readonly codec: "wvtt";
  /** ISO 639-2, "und" where unknown. */
  readonly language: string;
  /** Bytes of all samples. */
  readonly bytes: number;
}

/** All of an open asset but its network, which differs by profile. */
export interface AssetFacts {
  /** For messages: the file's name, where the opener gave one. */
  readonly name: string;
  readonly version: number;
  /** Source pixels. */
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly frameRate: Rational;
  /** Seconds. */
  readonly duration: number;
  /** The whole file. */
  readonly bytes: number;
  /** Bytes from the start of the file that a decoder of the picture needs before its first group. */
  readonly headerBytes: number;
  /** Bytes of all audio packets. */
  readonly audioBytes: number;
  readonly groups: readonly GroupEntry[];
  readonly audio: readonly AudioTrack[];
  readonly text: readonly TextTrack[];
  /** The payload of one group. Rejects with SieddError `bad-request` for an index that is not there. */
  readGroup(index: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** AAC access units without ADTS headers. Rejects with `bad-request` for packets that are not there. */
  readAudio(track: number, first: number, count: number, signal?: AbortSignal): Promise<Uint8Array[]>;
  /** All subtitles of a track, in the order of their starts. Rejects with `bad-request` for a track that is not there. */
  readText(track: number, signal?: AbortSignal): Promise<TextCue[]>;
}

/**
 * One open `.siedd` file: its head is in memory, its groups and sound are read when asked for. `profile` tells
 * which network it holds.
 */
export type Asset = AssetFacts & Model;
/** An asset whose profile is known to be `tile`. */
export type TileAsset = AssetFacts & TileModel;
/** An asset whose profile is known to be `paper`. */
export type PaperAsset = AssetFacts & PaperModel;

const MAX_MOOV_BYTES = 256 * 1024 * 1024;
const AAC_PACKET = 1024;

/**
 * Opens an asset: two reads, whatever the length of the video.
 *
 * Rejects with SieddError `bad-asset` (not an asset, or damaged), `truncated-asset`,
 * `unsupported-version`, or what the source throws.
 */
export async function openAsset(
  source: ByteSource,
  options: { name?: string; signal?: AbortSignal } = {},
): Promise<Asset> {
  const name = options.name ?? "the asset";
  try {
    return await open(source, name, options.signal);
  } catch (cause) {
    // What the source itself failed at, it has said with its own name for the file.
    const named =
      cause instanceof SieddError && (cause.code === "read-failed" || cause.code === "asset-replaced");
    if (cause instanceof SieddError && options.name !== undefined && !named) {
      throw new SieddError(cause.code, `${options.name}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

async function open(source: ByteSource, name: string, signal?: AbortSignal): Promise<Asset> {
  const { start, contents } = await readMoov(source, signal);
  const { video, videoEnd, audio, text } = parseMovie(contents, source.size);
  const { configuration } = video;
  const groups = groupEntries(video.samples, configuration.frameRate, configuration.frameCount);
  const tracks = audio.map(audioTrack);
  return {
    name,
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
    text: text.map(({ language, samples: { sizes } }, index) => ({
      index,
      codec: "wvtt",
      language,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    })),
    readGroup(index, abort) {
      const group = groups[index];
      if (group === undefined) {
        return Promise.reject(
          new SieddError(
            "bad-request",
            `group ${index} does not exist: the asset has groups 0 to ${groups.length - 1}`,
          ),
        );
      }
      return source.read(group.offset, group.size, abort);
    },
    readAudio(track, first, count, abort) {
      const samples = audio[track]?.samples;
      if (samples === undefined || !(first >= 0 && count >= 0 && first + count <= samples.sizes.length)) {
        return Promise.reject(
          new SieddError(
            "bad-request",
            `audio packets ${first} to ${first + count} of track ${track} do not exist`,
          ),
        );
      }
      return readSamples(source, samples, first, count, abort);
    },
    async readText(track, abort) {
      const samples = text[track]?.samples;
      if (samples === undefined) {
        throw new SieddError(
          "bad-request",
          `text track ${track} does not exist: the asset has ${text.length}`,
        );
      }
      const all = await readSamples(source, samples, 0, samples.sizes.length, abort);
      return readTextSamples(all, samples.durations);
    },
  };
}

/** Finds `moov` behind `ftyp`; `start` is where its contents begin. */
async function readMoov(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<{ start: number; contents: Uint8Array }> {
  if (source.size < 16) throw notAnAsset(`it has only ${source.size} bytes`);
  const first = await source.read(0, Math.min(source.size, 65536), signal);
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const typeAt = (at: number) => String.fromCharCode(...first.subarray(at + 4, at + 8));
  if (typeAt(0) !== "ftyp") throw notAnAsset("it does not begin with ftyp");
  const at = view.getUint32(0);
  if (at < 16 || at + 8 > first.length) throw notAnAsset("its ftyp box is too large");
  if (typeAt(at) !== "moov") throw notAnAsset("moov does not come right after ftyp");
  const size = view.getUint32(at);
  if (size < 8 || size > MAX_MOOV_BYTES) throw notAnAsset(`its moov box claims ${size} bytes`);
  if (at + size > source.size) {
    throw new SieddError(
      "truncated-asset",
      `the asset is cut off: its head needs ${at + size} bytes, the file has ${source.size}; copy or encode it again`,
    );
  }
  const start = at + 8;
  const contents =
    at + size <= first.length ? first.subarray(start, at + size) : await source.read(start, size - 8, signal);
  return { start, contents };
}

function notAnAsset(why: string): SieddError {
  return new SieddError("bad-asset", `this is not a siedd asset: ${why}; make one with siedd encode`);
}

function groupEntries(samples: SampleTable, rate: Rational, frameCount: number): GroupEntry[] {
  const groups: GroupEntry[] = [];
  let firstFrame = 0;
  for (let index = 0; index < samples.sizes.length; index++) {
    const frames = samples.durations[index] / rate.den;
    if (!Number.isInteger(frames) || frames < 1 || frames > 65535) {
      throw new SieddError("bad-asset", `the asset is damaged: group ${index} lasts ${frames} frames`);
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
      `the asset is damaged: its groups have ${firstFrame} frames instead of ${frameCount}`,
    );
  }
  return groups;
}

function audioTrack(parsed: ParsedAudio, index: number): AudioTrack {
  const { sizes } = parsed.samples;
  return {
    index,
    codec: "mp4a.40.2",
    sampleRate: parsed.sampleRate,
    channels: parsed.channels,
    language: parsed.language,
    config: parsed.config,
    packetCount: sizes.length,
    packetDuration: AAC_PACKET,
    priming: parsed.priming,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    maxPacketBytes: sizes.reduce((max, size) => Math.max(max, size), 0),
  };
}

async function readSamples(
  source: ByteSource,
  samples: SampleTable,
  first: number,
  count: number,
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  for (let at = first; at < first + count; ) {
    let end = at + 1;
    const start = samples.offsets[at];
    let stop = start + samples.sizes[at];
    for (; end < first + count && samples.offsets[end] === stop; end++) stop += samples.sizes[end];
    const bytes = await source.read(start, stop - start, signal);
    for (; at < end; at++) {
      const offset = samples.offsets[at] - start;
      packets.push(bytes.subarray(offset, offset + samples.sizes[at]));
    }
  }
  return packets;
}
