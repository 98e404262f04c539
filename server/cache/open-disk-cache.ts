import { createHash } from "node:crypto";
import type { FastifyBaseLogger } from "fastify";
import { encodeSegment, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import { SAMPLE_ENTRIES, type VideoCodec } from "../../media/segments/video-codec.js";
import { invalidOption } from "../errors.js";
import { DiskCache } from "./disk-cache.js";

export interface OpenDiskCacheOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** The H.264 encoder whose segments are cached. */
  readonly encoder: VideoEncoder;
  /** Codecs that this ffmpeg encodes. */
  readonly codecs: ReadonlySet<VideoCodec>;
  readonly log: FastifyBaseLogger;
}

/**
 * Opens the disk cache, in a namespace that identifies the installed encoders.
 *
 * @throws ServeError `bad-option` if the folder is not writable
 */
export async function openDiskCache({
  folder,
  maxBytes,
  encoder,
  codecs,
  log,
}: OpenDiskCacheOptions): Promise<DiskCache> {
  const namespace = await encoderFingerprint(encoder, codecs);
  // A full disk fails every write with the same code: log each code once.
  const logged = new Set<unknown>();
  const onError = (error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : String(error);
    if (!logged.has(code)) log.warn({ err: error, cacheDir: folder }, "disk cache entry not read or written");
    logged.add(code);
  };
  return DiskCache.open({ folder, maxBytes, namespace, onError }).catch((cause: unknown) => {
    const error = invalidOption("siedd options.cacheDir", "a writable folder", folder);
    error.cause = cause;
    throw error;
  });
}

/**
 * Returns a hash of the segments that the installed ffmpeg encodes from a few detailed frames. Segments of two encoder
 * releases, or of two graphics cards, may need different init segments, and a disk cache outlives an upgrade.
 */
async function encoderFingerprint(encoder: VideoEncoder, codecs: ReadonlySet<VideoCodec>): Promise<string> {
  // Hardware encoders reject smaller frames than 320x192.
  const [width, height, frameCount] = encoder === "x264" ? [64, 64, 8] : [320, 192, 8];
  const frames = Array.from({ length: frameCount }, (_, frame) =>
    Uint8Array.from({ length: (width * height * 3) / 2 }, (_, i) => {
      const [x, y] = [(i % width) + 2 * frame, Math.floor(i / width)];
      return 16 + ((x * 3 + ((x * y) >> 3)) % 220);
    }),
  );
  const hash = createHash("sha256");
  for (const codec of codecs) {
    const { init, media } = await encodeSegment({
      width,
      height,
      frameRate: { num: 25, den: 1 },
      sampleEntry: SAMPLE_ENTRIES[codec],
      encoder,
      frames,
      frameCount,
      firstFrame: 0,
      sequence: 1,
    });
    hash.update(init).update(media);
  }
  return hash.digest("hex");
}
