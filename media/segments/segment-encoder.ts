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
export { HEVC_AV1_RECIPE, h264Recipe, VIDEO_ENCODERS, type VideoEncoder } from "./video-encoder.js";

/** What `encodeSegment` encodes. */
export interface SegmentOptions extends StreamFormat {
  readonly sampleEntry: SampleEntry;
  /** H.264 encoder. Default x264. */
  readonly encoder?: VideoEncoder;
  /** I420, BT.709 limited range, width * height * 3 / 2 bytes each. */
  readonly frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Number of `frames`. */
  readonly frameCount: number;
  /** Index of the first frame. The segment starts at exactly firstFrame * den / num seconds. */
  readonly firstFrame: number;
  /** moof sequence number, from 1. */
  readonly sequence: number;
  readonly signal?: AbortSignal;
}

const CODEC_NAMES = { avc1: "H.264", avc3: "H.264", hvc1: "HEVC", av01: "AV1" } as const;

/** An encoded segment. */
export interface EncodedSegment {
  /** `ftyp` and `moov`. Identical for all segments of one format and sample entry. */
  readonly init: Uint8Array;
  /** `moof` and `mdat`, starting with a keyframe. The timescale is frameRate.num, a frame takes frameRate.den ticks. */
  readonly media: Uint8Array;
}

/**
 * Encodes the frames of one segment. Segments of one format play as one stream, whatever the order in which they are
 * encoded. Software encoders are deterministic: equal frames yield equal bytes. ffmpeg is killed if the signal aborts, if
 * `frames` throws, and when this process exits.
 * @throws MediaError; the signal's reason; the error of `frames`.
 */
export async function encodeSegment(options: SegmentOptions): Promise<EncodedSegment> {
  const { frameRate, frameCount, firstFrame, sequence, signal, encoder = "x264" } = options;
  signal?.throwIfAborted();
  const file = await pipeThroughFfmpeg({
    input: Readable.from(checkedFrames(options), { objectMode: true, highWaterMark: 1 }),
    inputOptions: inputArguments(options, options.sampleEntry, encoder),
    outputOptions: outputArguments(options, options.sampleEntry, encoder),
    failure: `cannot encode frames ${firstFrame} to ${firstFrame + frameCount - 1} as ${CODEC_NAMES[options.sampleEntry]}`,
    signal,
  });
  const fragment = setDecodeTime(file, firstFrame * frameRate.den, sequence);
  if (fragment.sampleCount !== frameCount || fragment.duration !== frameCount * frameRate.den) {
    throw new MediaError(
      "ffmpeg-failed",
      `ffmpeg wrote ${fragment.sampleCount} frames of ${fragment.duration} ticks in total, expected ${frameCount} frames of ${frameRate.den} ticks each`,
    );
  }
  return { init: fragment.init, media: fragment.media };
}

/** What `encodeKeyframe` encodes. */
export interface KeyframeOptions extends Omit<SegmentOptions, "frameCount"> {
  /** Duration of the keyframe in frames, up to the next keyframe. */
  readonly durationFrames: number;
}

/** Encodes a segment of a single frame, for I-frame playlists. Throws as `encodeSegment` does. */
export async function encodeKeyframe(options: KeyframeOptions): Promise<EncodedSegment> {
  const { init, media } = await encodeSegment({ ...options, frameCount: 1 });
  return { init, media: setSampleDuration(media, options.durationFrames * options.frameRate.den) };
}

/** Returns the init segment of a format, by encoding one black frame. Throws as `encodeSegment` does. */
export async function encodeInit(
  format: Omit<SegmentOptions, "frames" | "frameCount" | "firstFrame" | "sequence">,
): Promise<Uint8Array> {
  const { width, height } = format;
  const black = new Uint8Array((width * height * 3) / 2)
    .fill(16, 0, width * height)
    .fill(128, width * height);
  const { init } = await encodeSegment({
    ...format,
    frames: [black],
    frameCount: 1,
    firstFrame: 0,
    sequence: 1,
  });
  // Segments of several sizes share an init segment of avc3.
  return format.sampleEntry === "avc3" ? withoutDisplaySize(init) : init;
}

/** Yields the frames after checking their size. */
async function* checkedFrames({ frames, width, height }: SegmentOptions): AsyncGenerator<Uint8Array> {
  const size = (width * height * 3) / 2;
  for await (const frame of frames) {
    if (frame.byteLength !== size) {
      throw new RangeError(
        `an I420 frame of ${width}x${height} must have ${size} bytes, got ${frame.byteLength}`,
      );
    }
    yield frame;
  }
}
