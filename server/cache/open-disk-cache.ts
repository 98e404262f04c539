import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { encodeSegment, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import { SAMPLE_ENTRIES, type VideoCodec } from "../../media/segments/video-codec.js";
import { ServeError } from "../errors.js";
import type { ResolvedOptions } from "../options.js";
import { DiskCache } from "./disk-cache.js";

/** The disk cache of the options, if they name one. Rejects with ServeError `bad-option`. */
export async function openDiskCache(
  { cacheDir, cacheDirBytes, videoEncoder }: ResolvedOptions,
  codecs: ReadonlySet<VideoCodec>,
  { log }: FastifyInstance,
): Promise<DiskCache | undefined> {
  if (cacheDir === undefined) return undefined;
  const recipe = await encoderFingerprint(videoEncoder, codecs);
  // A disk that is full fails each write in the same way: once in the log is enough.
  const told = new Set<unknown>();
  const onProblem = (error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : String(error);
    if (!told.has(code)) log.warn({ err: error, cacheDir }, "the disk cache goes without some entries");
    told.add(code);
  };
  return DiskCache.open({ folder: cacheDir, maxBytes: cacheDirBytes, recipe, onProblem }).catch(
    (cause: unknown) => {
      throw new ServeError(
        "bad-option",
        `siedd options.cacheDir must be a folder that can be written, not "${cacheDir}"`,
        { cause },
      );
    },
  );
}

/**
 * What the installed ffmpeg makes of a few busy frames: segments of two releases of an encoder, or of two graphics
 * cards, need not fit behind one init segment, and a cache outlives the release.
 */
async function encoderFingerprint(encoder: VideoEncoder, codecs: ReadonlySet<VideoCodec>): Promise<string> {
  // A graphics card takes no smaller ones.
  const [width, height, frameCount] = encoder === "x264" ? [64, 64, 8] : [320, 192, 8];
  const frames = Array.from({ length: frameCount }, (_, frame) =>
    Uint8Array.from({ length: (width * height * 3) / 2 }, (_, at) => {
      const [x, y] = [(at % width) + 2 * frame, Math.floor(at / width)];
      return 16 + ((x * 3 + ((x * y) >> 3)) % 220);
    }),
  );
  const hash = createHash("sha256");
  for (const codec of codecs) {
    const { init, media } = await encodeSegment({
      ...{ width, height, frameRate: { num: 25, den: 1 }, sampleEntry: SAMPLE_ENTRIES[codec], encoder },
      ...{ frames, frameCount, firstFrame: 0, sequence: 1 },
    });
    hash.update(init).update(media);
  }
  return hash.digest("hex");
}
