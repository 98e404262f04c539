import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fullRegion } from "../../codec/decode/viewport.js";
import type { Asset } from "../../codec/internal.js";
import { type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import { encodeInit, encodeSegment, h264RateCap } from "../../media/segments/segment-encoder.js";
import { serve } from "../../server/index.js";
import { rounded } from "../machine.js";
import { median } from "./video.js";

const ROUNDS = 7;

export interface ColdInput {
  readonly root: string;
  readonly path: string;
  readonly asset: Asset;
  readonly pool: DecodePool;
  /** The video from its source, and as the asset shows it. */
  readonly mezzanine: string;
  readonly shown: string;
  readonly width: number;
  readonly height: number;
  /** As it stands in a URL. */
  readonly size: string;
  /** Of about a second. */
  readonly segment: { readonly index: number; readonly firstFrame: number; readonly frameCount: number };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Bytes of the answer. */
async function fetched(url: string): Promise<number> {
  const response = await fetch(url);
  const { byteLength } = await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return byteLength;
}

/**
 * A segment of about a second that nobody asked for before, and the same second transcoded as on-demand servers do it:
 * one ffmpeg that seeks, scales and encodes with the same settings. In turns.
 */
export async function cold(input: ColdInput) {
  const { asset, pool, width, height, size, segment } = input;
  const format = { width, height, frameRate: asset.frameRate };
  const server = await serve({ root: input.root, port: 0, cacheBytes: 0, prefetch: 0 });
  const url = `${server.url}video/full/${size}/seg-${segment.index}.m4s`;
  const decode = async () => {
    const frames: Uint8Array[] = [];
    const request = { region: fullRegion(asset), width, height };
    const options = {
      from: segment.firstFrame,
      count: segment.frameCount,
      request,
      format: "i420-709" as const,
    };
    for await (const frame of decodeFrames(pool, input.path, options)) frames.push(frame);
    return frames;
  };
  const encode = (frames: Uint8Array[]) =>
    encodeSegment({ ...format, ...segment, sampleEntry: "avc1", frames, sequence: 1 });
  try {
    const bytes = await fetched(url);
    const transcodedBytes = await transcode(input, input.mezzanine);
    const frames = await decode();
    const [ours, transcoded, shown, decoding, encoding, starting]: number[][] = [[], [], [], [], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      ours?.push(await timed(() => fetched(url)));
      transcoded?.push(await timed(() => transcode(input, input.mezzanine)));
      shown?.push(await timed(() => transcode(input, input.shown)));
      decoding?.push(await timed(decode));
      encoding?.push(await timed(() => encode(frames)));
      starting?.push(
        await timed(() => encodeInit({ ...format, width: 16, height: 16, sampleEntry: "avc1" })),
      );
    }
    const ratio = (others: number[] | undefined) =>
      rounded(median((ours ?? []).map((one, i) => one / (others?.[i] ?? Number.NaN))));
    const ms = (values: number[] | undefined) => rounded(median(values ?? []), 0);
    return {
      ...{ width, height, frames: segment.frameCount },
      coldSegmentMs: ms(ours),
      transcodedMs: ms(transcoded),
      timesTranscoding: ratio(transcoded),
      timesTranscodingTheSameFrames: ratio(shown),
      ...{ bytes, transcodedBytes },
      // Alone, each of them; in a segment decoding and encoding overlap.
      ...{ decodeMs: ms(decoding), encodeMs: ms(encoding), ffmpegStartMs: ms(starting) },
    };
  } finally {
    await server.close();
  }
}

/** The way of today's on-demand servers, with the settings of media/h264.ts. */
async function transcode({ asset, width, height, segment }: ColdInput, mezzanine: string): Promise<number> {
  const seconds = asset.frameRate.den / asset.frameRate.num;
  const { maxRate, bufferSize } = h264RateCap({ width, height, frameRate: asset.frameRate });
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    [
      ...["-nostdin", "-loglevel", "error", "-ss", `${segment.firstFrame * seconds}`, "-i", mezzanine],
      ...["-frames:v", `${segment.frameCount}`, "-s", `${width}x${height}`, "-an"],
      ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-profile:v", "high", "-bf", "0"],
      ...["-maxrate", `${maxRate}`, "-bufsize", `${bufferSize}`, "-g", "100000", "-sc_threshold", "0"],
      ...[
        "-threads",
        "1",
        "-pix_fmt",
        "yuv420p",
        "-movflags",
        "empty_moov+default_base_moof",
        "-f",
        "mp4",
        "-",
      ],
    ],
    { encoding: "buffer", maxBuffer: 2 ** 28 },
  );
  if (stdout.byteLength < 1000) throw new Error("ffmpeg transcoded nothing");
  return stdout.byteLength;
}
