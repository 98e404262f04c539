import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { segmentStarts } from "../../codec/asset/segment-grid.js";
import { lumaOf, RATE } from "./gray-video.js";
import type { ReceivedSegment } from "./hls-client.js";

/** Result of `checkSegments`. */
export interface SegmentCheck {
  /** Number of segments with different bytes, all of which were decoded. */
  readonly distinct: number;
  readonly frames: number;
  readonly faults: readonly string[];
}

/** Neighboring frames differ by seven. */
const MAX_LUMA_ERROR = 3;
const MAX_TIME_ERROR = 1e-3;
/** Packets of AAC per second. */
const PACKET_RATE = 48_000 / 1024;

/**
 * Decodes all segments that clients have received, and compares the time and the content of each frame with the grid of
 * segments; and the time of each audio packet.
 */
export async function checkSegments(
  received: readonly ReceivedSegment[],
  seconds: number,
): Promise<SegmentCheck> {
  const streams = toStreams(received);
  const starts = [...segmentStarts(seconds * RATE, { num: RATE, den: 1 }), seconds * RATE];
  const faults: string[] = [];
  let frames = 0;
  for (const stream of streams) {
    const isAudio = /\/audio-\d+\//.test(stream[0]?.path ?? "");
    const [expected, actual] = isAudio
      ? [expectedPackets(stream, starts), await packetTimes(stream)]
      : [expectedFrames(stream, starts), await decodedFrames(stream)];
    frames += isAudio ? 0 : actual.length;
    const wrong = expected.findIndex((frame, i) => !isSame(frame, actual[i]));
    if (wrong < 0 && actual.length === expected.length) continue;
    const segments = stream.map(({ index }) => index).join();
    const found = `${JSON.stringify(actual[wrong])} instead of ${JSON.stringify(expected[wrong])}`;
    faults.push(
      `${stream[0]?.path}, segments ${segments}: ${actual.length} of ${expected.length}; at ${wrong}: ${found}`,
    );
  }
  return { distinct: streams.flat().length, frames, faults };
}

/** A frame or packet: its time in seconds, and the mean luma of a frame. */
interface TimedFrame {
  readonly time: number;
  readonly luma: number;
}

const isSame = (a: TimedFrame, b: TimedFrame | undefined): boolean =>
  b !== undefined &&
  Math.abs(a.time - b.time) <= MAX_TIME_ERROR &&
  Math.abs(a.luma - b.luma) <= MAX_LUMA_ERROR;

/** Groups segments with different bytes into streams of one playlist in ascending order, no segment twice. */
function toStreams(received: readonly ReceivedSegment[]): ReceivedSegment[][] {
  const seen = new Set<string>();
  const variants = new Map<string, number>();
  const streams = new Map<string, ReceivedSegment[]>();
  for (const segment of [...received].sort((a, b) => a.index - b.index)) {
    const { path, bytes } = segment;
    const key = `${path} ${createHash("sha256").update(bytes).digest("hex")}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const variant = variants.get(path) ?? 0;
    variants.set(path, variant + 1);
    const name = `${path.slice(0, path.lastIndexOf("/"))} ${variant}`;
    streams.set(name, [...(streams.get(name) ?? []), segment]);
  }
  return [...streams.values()];
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

const expectedFrames = (stream: readonly ReceivedSegment[], starts: readonly number[]): TimedFrame[] =>
  stream
    .flatMap(({ index }) => range(starts[index] ?? 0, starts[index + 1] ?? 0))
    .map((n) => ({ time: n / RATE, luma: lumaOf(n) }));

/** Audio segments have the packets that are nearest to the frames. The last one has all until the last frame ends. */
function expectedPackets(stream: readonly ReceivedSegment[], starts: readonly number[]): TimedFrame[] {
  const packetAt = (index: number) => {
    const packets = ((starts[index] ?? 0) / RATE) * PACKET_RATE;
    return index === starts.length - 1 ? Math.ceil(packets) : Math.round(packets);
  };
  return stream
    .flatMap(({ index }) => range(packetAt(index), packetAt(index + 1)))
    .map((packet) => ({ time: packet / PACKET_RATE, luma: 0 }));
}

async function decodedFrames(stream: readonly ReceivedSegment[]): Promise<TimedFrame[]> {
  const options = ["-v", "info", "-nostdin", "-copyts", "-i", "pipe:0", "-vf", "showinfo"];
  const log = await run("ffmpeg", [...options, "-fps_mode", "passthrough", "-f", "null", "-"], stream);
  return [...log.matchAll(/ pts_time:(\S+) .* mean:\[(\d+) /g)].map(([, time, luma]) => ({
    time: Number(time),
    luma: Number(luma),
  }));
}

async function packetTimes(stream: readonly ReceivedSegment[]): Promise<TimedFrame[]> {
  const options = ["-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", "pipe:0"];
  const output = await run("ffprobe", options, stream);
  return [...output.matchAll(/^[\d.]+/gm)].map(([time]) => ({ time: Number(time), luma: 0 }));
}

/** Runs a program with a stream as its input, and resolves to all that it writes. */
async function run(
  program: string,
  args: readonly string[],
  stream: readonly ReceivedSegment[],
): Promise<string> {
  const child = spawn(program, args, { stdio: "pipe" });
  // It may end before it has read everything.
  child.stdin.on("error", () => {});
  child.stdin.end(
    Buffer.concat([...stream.slice(0, 1).map(({ init }) => init), ...stream.map(({ bytes }) => bytes)]),
  );
  return (await Promise.all([text(child.stdout), text(child.stderr)])).join("");
}
