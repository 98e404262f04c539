import { Readable } from "node:stream";
import { MediaError } from "../errors.js";
import { pipeThroughFfmpeg } from "./encoder-process.js";
import { setDecodeTime, setSampleDuration, withoutDisplaySize } from "./fragment.js";
import type { SampleEntry, StreamFormat } from "./h264-level.js";
import { inputArguments, outputArguments, type VideoEncoder } from "./video-encoder.js";

export { prepareEncoder, runningEncoders } from "./encoder-process.js";
export {
  H264_MAX_AREA,
  h264Codec,
  h264Level,
  h264PeakRate,
  h264RateCap,
  type RateCap,
  type SampleEntry,
  type StreamFormat,
} from "./h264-level.js";
export { h264Recipe, NEWER_RECIPE, VIDEO_ENCODERS, type VideoEncoder } from "./video-encoder.js";

export interface SegmentOptions extends StreamFormat {
  readonly sampleEntry: SampleEntry;
  /** Default x264. */
  readonly encoder?: VideoEncoder;
  /** I420, BT.709 limited range, width * height * 3/2 bytes each. */
  readonly frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** How many `frames` are. */
  readonly frameCount: number;
  /** Number of frames before this segment: its time is firstFrame * den / num seconds, exactly. */
  readonly firstFrame: number;
  /** moof sequence number, from 1. */
  readonly sequence: number;
  readonly signal?: AbortSignal;
}

const NAMES = { avc1: "H.264", avc3: "H.264", hvc1: "HEVC", av01: "AV1" } as const;

export interface EncodedSegment {
  /** ftyp and moov: the same bytes for every segment of one format and sample entry. */
  readonly init: Uint8Array;
  /** moof and mdat: starts with a keyframe. Timescale frameRate.num, frameRate.den ticks a frame. */
  readonly media: Uint8Array;
}

/**
 * Encodes the pictures of one segment. Equal pictures give equal bytes from encoders on the processor (one thread), and segments of
 * one format play as one stream in any order of encoding. The child ends with the signal, with an error
 * of `frames`, and with this process. Rejects with MediaError, the signal's reason or the error of `frames`.
 */
export async function encodeSegment(options: SegmentOptions): Promise<EncodedSegment> {
  const { frameRate, frameCount, firstFrame, sequence, signal, encoder = "x264" } = options;
  signal?.throwIfAborted();
  const file = await pipeThroughFfmpeg({
    input: Readable.from(wholeFrames(options), { objectMode: true, highWaterMark: 1 }),
    inputOptions: inputArguments(options, options.sampleEntry, encoder),
    outputOptions: outputArguments(options, options.sampleEntry, encoder),
    failure: `cannot encode frames ${firstFrame} to ${firstFrame + frameCount - 1} as ${NAMES[options.sampleEntry]}`,
    signal,
  });
  const fragment = place(file, firstFrame * frameRate.den, sequence);
  if (fragment.sampleCount !== frameCount || fragment.duration !== frameCount * frameRate.den) {
    throw new MediaError(
      "ffmpeg-failed",
      `ffmpeg made ${fragment.sampleCount} frames of ${fragment.duration} ticks from ${frameCount} frames of ${frameRate.den} each`,
    );
  }
  return { init: fragment.init, media: fragment.media };
}

export interface KeyframeOptions extends Omit<SegmentOptions, "frameCount"> {
  /** How many frames' time the picture stays, so that keyframes follow each other without a gap. */
  readonly stays: number;
}

/** A segment of one picture alone, for playlists of keyframes. Rejects as encodeSegment does. */
export async function encodeKeyframe(options: KeyframeOptions): Promise<EncodedSegment> {
  const { init, media } = await encodeSegment({ ...options, frameCount: 1 });
  return { init, media: setSampleDuration(media, options.stays * options.frameRate.den) };
}

/** The init segment alone, from one black picture. */
export async function encodeInit(
  format: Omit<SegmentOptions, "frames" | "frameCount" | "firstFrame" | "sequence">,
): Promise<Uint8Array> {
  const { width, height } = format;
  const black = new Uint8Array((width * height * 3) / 2)
    .fill(16, 0, width * height)
    .fill(128, width * height);
  const one = { frames: [black], frameCount: 1, firstFrame: 0, sequence: 1 };
  const { init } = await encodeSegment({ ...format, ...one });
  // Segments of several sizes share an init of avc3.
  return format.sampleEntry === "avc3" ? withoutDisplaySize(init) : init;
}

async function* wholeFrames({ frames, width, height }: SegmentOptions): AsyncGenerator<Uint8Array> {
  const size = (width * height * 3) / 2;
  for await (const frame of frames) {
    if (frame.byteLength !== size) {
      throw new RangeError(
        `frame: ${frame.byteLength} bytes instead of ${size} for I420 at ${width}x${height}`,
      );
    }
    yield frame;
  }
}

function place(file: Uint8Array, decodeTime: number, sequence: number) {
  try {
    return setDecodeTime(file, decodeTime, sequence);
  } catch (cause) {
    throw new MediaError("ffmpeg-failed", `ffmpeg wrote no single fragment: ${(cause as Error).message}`, {
      cause,
    });
  }
}
