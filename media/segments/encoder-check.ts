import { MediaError } from "../errors.js";
import { prepareEncoder } from "./encoder-process.js";
import { h264Level } from "./h264-level.js";
import { encodeSegment } from "./segment-encoder.js";
import { CODEC_ENCODERS, VIDEO_CODECS, type VideoCodec } from "./video-codec.js";
import type { VideoEncoder } from "./video-encoder.js";

const REQUIREMENTS: Readonly<Record<Exclude<VideoEncoder, "x264">, string>> = {
  h264_nvenc: "an NVIDIA GPU with NVENC, its driver, and permission to use both",
  h264_vaapi: "a GPU with VA-API, its driver, and permission to use /dev/dri/renderD128",
};

const TEST_FORMAT = { width: 320, height: 180, frameRate: { num: 25, den: 1 } };
const TEST_FRAMES = 5;

/**
 * Verifies that ffmpeg has an encoder and that a hardware encoder works: two segments of different frames must share
 * one init segment, with the profile and level that CODECS in playlists will state.
 * @returns the codecs that this ffmpeg can encode
 * @throws MediaError `ffmpeg-missing` or `encoder-unavailable`.
 */
export async function checkEncoder(encoder: VideoEncoder): Promise<ReadonlySet<VideoCodec>> {
  const encoders = await prepareEncoder(encoder);
  if (encoder !== "x264") await testHardwareEncoder(encoder);
  return new Set(VIDEO_CODECS.filter((codec) => codec === "h264" || encoders.has(CODEC_ENCODERS[codec])));
}

async function testHardwareEncoder(encoder: keyof typeof REQUIREMENTS): Promise<void> {
  const unavailable = (reason: string, cause?: unknown) =>
    new MediaError(
      "encoder-unavailable",
      `the video encoder ${encoder} does not work here: ${reason}; it needs ${REQUIREMENTS[encoder]}; choose x264 to encode in software`,
      { cause },
    );
  const encode = (seed: number) =>
    encodeSegment({ ...testSegment(seed), encoder }).catch((cause: unknown) => {
      const reason =
        cause instanceof Error ? cause.message.replace(/^cannot encode [^:]*: /, "") : `${cause}`;
      throw unavailable(reason, cause);
    });
  const first = await encode(1);
  const second = await encode(7);
  if (Buffer.compare(first.init, second.init) !== 0) {
    throw unavailable("its segments do not share an init segment");
  }
  const [profile, , level] = avcProfile(first.init);
  const expectedLevel = h264Level(TEST_FORMAT);
  if (profile !== 100 || level !== expectedLevel) {
    throw unavailable(`it encodes profile ${profile}, level ${level} instead of 100, ${expectedLevel}`);
  }
}

/** Returns a segment of moving stripes. Their slope depends on the seed. */
function testSegment(seed: number) {
  const { width, height } = TEST_FORMAT;
  const frames = Array.from({ length: TEST_FRAMES }, (_, frame) =>
    Uint8Array.from({ length: (width * height * 3) / 2 }, (_, index) => {
      const [x, y] = [(index % width) + 3 * frame, Math.floor(index / width)];
      return 16 + ((x * seed + y * 5) % 220);
    }),
  );
  const sampleEntry = "avc1" as const;
  return { ...TEST_FORMAT, sampleEntry, frames, frameCount: TEST_FRAMES, firstFrame: 0, sequence: 1 };
}

/** Returns AVCProfileIndication, profile_compatibility and AVCLevelIndication (ISO/IEC 14496-15, 5.3.3.1). */
function avcProfile(init: Uint8Array): Uint8Array {
  const offset = Buffer.from(init).indexOf("avcC");
  return init.subarray(offset + 5, offset + 8);
}
