import type { DecodedFrames } from "../../codec/decode/cost.js";
import type { SourceFile } from "../library/library.js";
import type { SourceReaders } from "./source-readers.js";
import type { Video } from "./video.js";

/** Returns the video of a source. Its frames are read by ffmpeg. */
export function sourceVideo(source: SourceFile, readers: SourceReaders): Video {
  const { info, frameCount } = source;
  const { width, height, frameRate } = info;
  return {
    backend: "source",
    bytes: source.bytes,
    width,
    height,
    frameCount,
    frameRate,
    duration: (frameCount * frameRate.den) / frameRate.num,
    audio: [],
    text: [],
    readAudio: () => Promise.reject(new RangeError("the source has no audio tracks")),
    readText: () => Promise.reject(new RangeError("the source has no subtitle tracks")),
    cost: (_viewport, work) => sourceCost(source, work),
    frames: (request) => readers.frames(source, request),
  };
}

/** Samples per pixel of the source: decoding and scaling a pixel of H.264 takes about a fifth of a sample's time. */
const SAMPLES_PER_PIXEL = 0.2;
/** Seconds of video that are decoded after a seek on average, before the first frame. */
const SEEK_SECONDS = 2;

/** The whole frame is decoded, whatever the region and the size. */
function sourceCost({ info }: SourceFile, { frames, groups }: DecodedFrames): number {
  const { width, height, frameRate } = info;
  const skipped = (groups * SEEK_SECONDS * frameRate.num) / frameRate.den;
  return SAMPLES_PER_PIXEL * width * height * (frames + skipped);
}
