import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { h264RateCap } from "../../media/segments/segment-encoder.js";
import { rounded } from "../machine.js";
import { fetchBody, milliseconds, startServer } from "./server-process.js";
import { fullHdSource, SOURCE_RATE, SOURCE_SECONDS } from "./source-clip.js";
import { median } from "./video.js";

const SIZES = [
  { width: 640, height: 360 },
  { width: 1280, height: 720 },
];
/** Seconds of the source at which cold segments begin: near a keyframe, far from one, and between. */
const COLD_SECONDS = [11, 13, 15, 17, 19, 22, 25, 28];
/** Seconds that each viewer plays. */
const PLAYED_SECONDS = 10;

const ms = (values: readonly number[]) => rounded(median(values), 0);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
/** Index of the segment that begins at a second: the first second has two. */
const indexAt = (second: number) => second + 1;

/**
 * Measures segments of a source of 1920x1080: uncached ones compared with one ffmpeg by hand, which seeks, scales and
 * encodes with the same settings, and those of viewers who play on, compared with uncached ones.
 */
export async function measureSourceSegments() {
  const source = await fullHdSource();
  const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
  await symlink(source, join(root, "video.mp4"));
  const server = await startServer({ root, port: 0, cacheBytes: 0, prefetch: 0 });
  try {
    await fetchBody(`${server.url}video/info.json`);
    const results = [];
    for (const size of SIZES) {
      const segment = (index: number) =>
        fetchBody(`${server.url}video/full/%5E${size.width},${size.height}/seg-${index}.m4s`);
      const cold = await measureCold(source, size, segment);
      const played = await measurePlayed(segment);
      results.push({
        ...size,
        ...cold,
        playedMs: ms(played),
        playedToCold: rounded(sum(played) / played.length / cold.coldMean),
        twoViewersTimesRealTime: await measureTwoViewers(segment),
      });
    }
    return results;
  } finally {
    await server.close();
    await rm(root, { recursive: true, force: true });
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}
type FetchSegment = (index: number) => Promise<Buffer>;

async function measureCold(source: string, size: Size, segment: FetchSegment) {
  const times = { cold: [] as number[], byHand: [] as number[] };
  await segment(0);
  for (const second of COLD_SECONDS) {
    times.cold.push(await milliseconds(() => segment(indexAt(second))));
    times.byHand.push(await milliseconds(() => transcode(source, size, second)));
  }
  const ratios = times.cold.map((time, i) => time / (times.byHand[i] ?? Number.NaN));
  return {
    coldMs: ms(times.cold),
    byHandMs: ms(times.byHand),
    coldToByHand: rounded(median(ratios)),
    coldMean: sum(times.cold) / times.cold.length,
  };
}

/** Plays one second after the other, without the first, which is cold. */
async function measurePlayed(segment: FetchSegment): Promise<number[]> {
  const times: number[] = [];
  for (let second = 10; second <= 10 + PLAYED_SECONDS; second++)
    times.push(await milliseconds(() => segment(indexAt(second))));
  return times.slice(1);
}

/** Returns the seconds of video per second that each of two viewers gets. */
async function measureTwoViewers(segment: FetchSegment): Promise<number> {
  const play = async (from: number) => {
    for (let second = from; second < from + PLAYED_SECONDS; second++) await segment(indexAt(second));
  };
  const elapsed = await milliseconds(() => Promise.all([play(3), play(SOURCE_SECONDS - PLAYED_SECONDS - 1)]));
  return rounded((PLAYED_SECONDS * 1000) / elapsed);
}

/** Transcodes a second with one ffmpeg, with the settings of media/segments. */
async function transcode(source: string, { width, height }: Size, second: number): Promise<void> {
  const { maxRate, bufferSize } = h264RateCap({ width, height, frameRate: SOURCE_RATE });
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    [
      ...`-nostdin -loglevel error -ss ${second} -i`.split(" "),
      source,
      ...`-frames:v ${SOURCE_RATE.num} -vf scale=${width}:${height}:flags=area -an`.split(" "),
      ..."-c:v libx264 -preset veryfast -crf 20 -profile:v high -bf 0".split(" "),
      ...`-maxrate ${maxRate} -bufsize ${bufferSize} -g 100000 -sc_threshold 0 -threads 1`.split(" "),
      ..."-pix_fmt yuv420p -movflags empty_moov+default_base_moof -f mp4 -".split(" "),
    ],
    { encoding: "buffer", maxBuffer: 2 ** 28 },
  );
  if (stdout.byteLength < 1000) throw new Error("ffmpeg returned no segment");
}
