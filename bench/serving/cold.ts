import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fullRegion } from "../../codec/decode/viewport.js";
import type { Asset } from "../../codec/internal.js";
import { type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import { encodeInit, encodeSegment, h264RateCap } from "../../media/segments/segment-encoder.js";
import { serve } from "../../server/index.js";
import { rounded } from "../machine.js";
import { median } from "./video.js";

const RUNS = 7;

export interface ColdInput {
  readonly root: string;
  readonly path: string;
  readonly asset: Asset;
  readonly pool: DecodePool;
  /** Path of the source video as H.264. */
  readonly mezzanine: string;
  /** Path of the decoded asset as H.264. */
  readonly decodedVideo: string;
  readonly width: number;
  readonly height: number;
  /** The size as in a URL. */
  readonly size: string;
  /** A segment of about one second. */
  readonly segment: { readonly index: number; readonly firstFrame: number; readonly frameCount: number };
}

/** Measures the milliseconds that `work` takes. */
async function measure(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Fetches a URL and returns the size of the response body in bytes. */
async function fetchBytes(url: string): Promise<number> {
  const response = await fetch(url);
  const { byteLength } = await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return byteLength;
}

/**
 * Measures an uncached segment of about one second, and a transcode of the same second as on-demand servers do it: one
 * ffmpeg process that seeks, scales and encodes with the same settings. The two alternate.
 */
export async function measureColdSegment(input: ColdInput) {
  const { asset, pool, width, height, size, segment } = input;
  const format = { width, height, frameRate: asset.frameRate };
  const server = await serve({ root: input.root, port: 0, cacheBytes: 0, prefetch: 0 });
  const url = `${server.url}video/full/${size}/seg-${segment.index}.m4s`;
  const decode = async () => {
    const frames: Uint8Array[] = [];
    const viewport = { region: fullRegion(asset), width, height };
    const options = {
      from: segment.firstFrame,
      count: segment.frameCount,
      viewport,
      format: "i420-709" as const,
    };
    for await (const frame of decodeFrames(pool, input.path, options)) frames.push(frame);
    return frames;
  };
  const encode = (frames: Uint8Array[]) =>
    encodeSegment({ ...format, ...segment, sampleEntry: "avc1", frames, sequence: 1 });
  try {
    const bytes = await fetchBytes(url);
    const transcodedBytes = await transcode(input, input.mezzanine);
    const frames = await decode();
    const times = {
      segment: [] as number[],
      transcoded: [] as number[],
      transcodedDecoded: [] as number[],
      decoding: [] as number[],
      encoding: [] as number[],
      ffmpegStart: [] as number[],
    };
    for (let run = 0; run < RUNS; run++) {
      times.segment.push(await measure(() => fetchBytes(url)));
      times.transcoded.push(await measure(() => transcode(input, input.mezzanine)));
      times.transcodedDecoded.push(await measure(() => transcode(input, input.decodedVideo)));
      times.decoding.push(await measure(decode));
      times.encoding.push(await measure(() => encode(frames)));
      times.ffmpegStart.push(
        await measure(() => encodeInit({ ...format, width: 16, height: 16, sampleEntry: "avc1" })),
      );
    }
    const ratioTo = (others: readonly number[]) =>
      rounded(median(times.segment.map((time, i) => time / (others[i] ?? Number.NaN))));
    const ms = (values: readonly number[]) => rounded(median(values), 0);
    return {
      width,
      height,
      frames: segment.frameCount,
      coldSegmentMs: ms(times.segment),
      transcodedMs: ms(times.transcoded),
      ratioToTranscode: ratioTo(times.transcoded),
      ratioToTranscodeOfDecodedFrames: ratioTo(times.transcodedDecoded),
      bytes,
      transcodedBytes,
      // Measured separately. In a segment, decoding and encoding overlap.
      decodeMs: ms(times.decoding),
      encodeMs: ms(times.encoding),
      ffmpegStartMs: ms(times.ffmpegStart),
    };
  } finally {
    await server.close();
  }
}

/** Transcodes a segment as an on-demand server does, with the settings of media/segments. Returns its bytes. */
async function transcode({ asset, width, height, segment }: ColdInput, mezzanine: string): Promise<number> {
  const frameSeconds = asset.frameRate.den / asset.frameRate.num;
  const { maxRate, bufferSize } = h264RateCap({ width, height, frameRate: asset.frameRate });
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    [
      `-nostdin -loglevel error -ss ${segment.firstFrame * frameSeconds} -i`.split(" "),
      mezzanine,
      `-frames:v ${segment.frameCount} -s ${width}x${height} -an`.split(" "),
      "-c:v libx264 -preset veryfast -crf 20 -profile:v high -bf 0".split(" "),
      `-maxrate ${maxRate} -bufsize ${bufferSize} -g 100000 -sc_threshold 0 -threads 1`.split(" "),
      "-pix_fmt yuv420p -movflags empty_moov+default_base_moof -f mp4 -".split(" "),
    ].flat(),
    { encoding: "buffer", maxBuffer: 2 ** 28 },
  );
  if (stdout.byteLength < 1000) throw new Error("ffmpeg returned no segment");
  return stdout.byteLength;
}
