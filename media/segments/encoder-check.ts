import { MediaError } from "../errors.js";
import { prepareEncoder } from "./encoder-process.js";
import { h264Level } from "./h264-level.js";
import { encodeSegment } from "./segment-encoder.js";
import { CODEC_ENCODERS, VIDEO_CODECS, type VideoCodec } from "./video-codec.js";
import type { VideoEncoder } from "./video-encoder.js";

const NEEDS: Readonly<Record<Exclude<VideoEncoder, "x264">, string>> = {
  h264_nvenc: "an NVIDIA GPU with NVENC, its driver, and leave to use both",
  h264_vaapi: "a GPU with VA-API, its driver, and leave to use /dev/dri/renderD128",
};

const FORMAT = { width: 320, height: 180, frameRate: { num: 25, den: 1 } };
const FRAMES = 5;

/**
 * Makes sure that this machine's ffmpeg has an encoder and, for that of a graphics card, that it works: two
 * segments of unlike pictures must fit behind one init segment of the profile and level that CODECS will state.
 * Returns the codecs that this ffmpeg can encode. Rejects with MediaError `ffmpeg-missing` or `encoder-unavailable`.
 */
export async function checkEncoder(encoder: VideoEncoder): Promise<ReadonlySet<VideoCodec>> {
  const encoders = await prepareEncoder(encoder);
  if (encoder !== "x264") await tryHardware(encoder);
  return new Set(VIDEO_CODECS.filter((codec) => codec === "h264" || encoders.has(CODEC_ENCODERS[codec])));
}

async function tryHardware(encoder: keyof typeof NEEDS): Promise<void> {
  const unusable = (why: string, cause?: unknown) =>
    new MediaError(
      "encoder-unavailable",
      `the video encoder ${encoder} does not work here: ${why}; it needs ${NEEDS[encoder]}; choose x264 to encode without it`,
      { cause },
    );
  const encode = (seed: number) =>
    encodeSegment({ ...testSegment(seed), encoder }).catch((cause: unknown) => {
      const said = cause instanceof Error ? cause.message.replace(/^cannot encode [^:]*: /, "") : `${cause}`;
      throw unusable(said, cause);
    });
  const one = await encode(1);
  const other = await encode(7);
  if (Buffer.compare(one.init, other.init) !== 0) throw unusable("its segments do not share an init segment");
  const [profile, , level] = avcProfile(one.init);
  const wanted = h264Level(FORMAT);
  if (profile !== 100 || level !== wanted) {
    throw unusable(`it makes profile ${profile} at level ${level} when told 100 at ${wanted}`);
  }
}

/** Moving stripes, of a slope of their own for each seed. */
function testSegment(seed: number) {
  const { width, height } = FORMAT;
  const frames = Array.from({ length: FRAMES }, (_, frame) =>
    Uint8Array.from({ length: (width * height * 3) / 2 }, (_, at) => {
      const [x, y] = [(at % width) + 3 * frame, Math.floor(at / width)];
      return 16 + ((x * seed + y * 5) % 220);
    }),
  );
  const sampleEntry = "avc1" as const;
  return { ...FORMAT, sampleEntry, frames, frameCount: FRAMES, firstFrame: 0, sequence: 1 };
}

/** AVCProfileIndication, profile_compatibility and AVCLevelIndication (ISO/IEC 14496-15, 5.3.3.1). */
function avcProfile(init: Uint8Array): Uint8Array {
  const at = Buffer.from(init).indexOf("avcC");
  return init.subarray(at + 5, at + 8);
}
