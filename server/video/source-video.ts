import type { DecodedFrames } from "../../codec/decode/cost.js";
import { MediaError } from "../../media/errors.js";
import type { ProbeResult } from "../../media/probe/probe.js";
import { readCover } from "../../media/read/cover.js";
import type { SourceFile } from "../library/library.js";
import { withoutFolder } from "../library/without-folder.js";
import { audioTracksOf, type SourceAudio } from "./source-audio.js";
import type { SourceReaders } from "./source-readers.js";
import { type SourceText, textTracksOf } from "./source-text.js";
import type { Video, VideoMetadata } from "./video.js";

/** What reads the streams of sources. */
export interface SourceStreams {
  readonly readers: SourceReaders;
  readonly audio: SourceAudio;
  readonly text: SourceText;
}

/** Returns the video of a source. Its frames, audio and subtitles are read by ffmpeg. */
export function sourceVideo(source: SourceFile, streams: SourceStreams): Video {
  const { info, frameCount, path } = source;
  const { width, height, frameRate } = info;
  const named = <T>(reading: Promise<T>): Promise<T> =>
    reading.catch((error: unknown) => {
      throw withoutFolder(error, path);
    });
  return {
    backend: "source",
    metadata: metadataOf(info),
    ...(source.hasCover && { readCover: (signal) => named(requireCover(source, signal)) }),
    bytes: source.bytes,
    width,
    height,
    frameCount,
    frameRate,
    duration: (frameCount * frameRate.den) / frameRate.num,
    audio: audioTracksOf(source),
    text: textTracksOf(source),
    readAudio: (track, first, count, signal) =>
      named(streams.audio.read(source, { track, first, count, signal })),
    readText: (track) => named(streams.text.read(source, track)),
    cost: (_viewport, work) => sourceCost(source, work),
    frames: async function* (request) {
      try {
        yield* streams.readers.frames(source, request);
      } catch (error) {
        throw withoutFolder(error, path);
      }
    },
  };
}

/** Rejects if the cover cannot be decoded any more. */
async function requireCover({ path, info }: SourceFile, signal?: AbortSignal): Promise<Uint8Array> {
  const cover = await readCover(path, info, signal);
  if (cover === undefined) throw new MediaError("ffmpeg-failed", `cannot read the cover of ${path}`);
  return cover;
}

/** Returns the metadata that an asset of the source will have. */
const metadataOf = ({ title, created, chapters }: ProbeResult): VideoMetadata => ({
  ...(title !== "" && { title }),
  ...(created !== null && { created }),
  chapters,
});

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
