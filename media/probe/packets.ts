import { type ProbedStream, spawnFfprobe } from "./run-ffprobe.js";

/** Presentation times of the packets of one stream, in seconds of the file's own clock. */
export interface PacketTimes {
  /**
   * Consecutive parts of the stream; times ascend within each and are distinct. One part if all packets were read
   * from a continuous stream.
   */
  readonly runs: readonly (readonly number[])[];
  /** Seconds of all runs together, including the duration of the last packets. */
  readonly seconds: number;
  /** Time of the last packet; undefined if the end was not reached, or if the clock jumps. */
  readonly last: number | undefined;
  /** End of the last packet; undefined as above. */
  readonly end: number | undefined;
  /** Whether the runs hold all packets. */
  readonly complete: boolean;
  /** Whether nearly all packets have a time. In some containers only keyframes have. */
  readonly timed: boolean;
  /**
   * Maximum number of seconds by which keyframes are decoded before they are shown; that of all frames if only samples
   * were read; undefined if unknown.
   */
  readonly reorderDelay: number | undefined;
  /** Maximum distance of keyframes in seconds, as far as packets were read; undefined if unknown or if the clock jumps. */
  readonly keyframeDistance: number | undefined;
}

/** What is known of a file before its packets are read. */
export interface PacketSource {
  readonly streams: readonly Pick<ProbedStream, "index" | "start_time">[];
  /** Container formats, as ffprobe names them. */
  readonly container: string;
  /** Duration of the longest video stream, seconds; 0 if unknown. */
  readonly duration: number;
  readonly bytes: number;
  /** Whether to read all packets of a long file too. */
  readonly all?: boolean;
}

/** Returns whether the container has an exact index: a seek ends at a keyframe before the requested time. */
export const isSeekable = (container: string): boolean => /mov|matroska/.test(container);

/**
 * Returns whether the clock of a container may jump. ffmpeg then counts from the first timestamp of the streams that it
 * reads, instead of the first one of the file (the demuxers with AVFMT_TS_DISCONT).
 */
export const hasJumpingClock = (container: string): boolean => /(^|,)(mpegts|mpeg|ogg)(,|$)/.test(container);

/** A jump of the clock by more than this many seconds starts a new run, as in ffmpeg (-dts_delta_threshold). */
const MAX_CLOCK_STEP = 10;

/** Files longer or larger than this are sampled. */
const MAX_FULL_SECONDS = 600;
const MAX_FULL_BYTES = 256 << 20;
/** Packets to read from the start of a file without an index that is sampled. */
const MAX_HEAD_PACKETS = 50_000;
/** Maximum share of packets without a time. */
const MAX_UNTIMED_SHARE = 0.02;
/** Packets to decode if their times are unknown. */
const DECODED_PACKETS = 300;
const WINDOWS = 12;
const WINDOW_PACKETS = 400;
const TAIL_SECONDS = 5;

/**
 * Reads the times of the video packets without decoding, by stream index. Reads all packets of short files, and samples
 * of long ones: windows over the whole length if the container has an index, else the start.
 * @throws MediaError `ffmpeg-missing`; the signal's reason.
 */
export async function readPacketTimes(
  path: string,
  source: PacketSource,
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, PacketTimes>> {
  const intervals = readIntervals(source);
  const collectors = new Map(source.streams.map(({ index }) => [index, new PacketCollector(source)]));
  let windowEnds = intervals.length > 1 ? WINDOW_PACKETS : Infinity;
  let packets = 0;
  const onFields = ([stream, pts, dts, duration, flags = ""]: readonly string[]) => {
    const collector = collectors.get(Number(stream));
    if (collector === undefined || flags.includes("D")) return;
    if (packets++ === windowEnds) {
      for (const each of collectors.values()) each.startRun();
      windowEnds += WINDOW_PACKETS;
    }
    const packet = { pts: seconds(pts), dts: seconds(dts), duration: seconds(duration) };
    collector.push(packet, flags.startsWith("K"));
  };
  const { status, stderr } = await forEachLine(
    path,
    [
      ...["-select_streams", "v", "-of", "csv=p=0"],
      ...["-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,flags"],
      ...(intervals.length > 0 ? ["-read_intervals", intervals.join(",")] : []),
    ],
    onFields,
    signal,
  );
  // Other errors are of damaged packets.
  const isIntact = status === 0 && !/ended prematurely|partial file/i.test(stderr);
  const isFull = intervals.length === 0 || (intervals.length === 1 && packets < MAX_HEAD_PACKETS);
  const reading = { complete: isIntact && isFull, reachedEnd: isIntact && (isFull || intervals.length > 1) };
  return new Map([...collectors].map(([index, collector]) => [index, collector.finish(reading)]));
}

/** Parses a time of ffprobe; NaN for "N/A". */
const seconds = (text: string | undefined): number => (text ? Number(text) : Number.NaN);

/**
 * Reads the times of the first frames of a stream by decoding them, for containers without times.
 * @throws MediaError `ffmpeg-missing`; the signal's reason.
 */
export async function readFrameTimes(
  path: string,
  { index }: ProbedStream,
  source: PacketSource,
  signal?: AbortSignal,
): Promise<PacketTimes> {
  const collector = new PacketCollector(source);
  await forEachLine(
    path,
    [
      ...["-select_streams", String(index), "-of", "csv=p=0", "-read_intervals", `%+#${DECODED_PACKETS}`],
      ...["-show_entries", "frame=key_frame,best_effort_timestamp_time"],
    ],
    ([key, pts]) => {
      collector.push({ pts: seconds(pts), dts: Number.NaN, duration: Number.NaN }, key === "1");
    },
    signal,
  );
  return collector.finish({ complete: false, reachedEnd: false });
}

/** Runs ffprobe and passes the fields of each line of its CSV output to `onFields`. */
async function forEachLine(
  path: string,
  args: readonly string[],
  onFields: (fields: readonly string[]) => void,
  signal?: AbortSignal,
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  let rest = "";
  const onText = (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onFields(line.split(","));
  };
  return spawnFfprobe(path, { args, onText, signal });
}

/**
 * Returns the intervals to read, in ffprobe's syntax; none for the entire file.
 *
 * @param windowPackets packets per window of a long file
 */
export function readIntervals(
  { container, duration, bytes, streams, all }: PacketSource,
  windowPackets = WINDOW_PACKETS,
): string[] {
  if (all) return [];
  if (duration <= MAX_FULL_SECONDS && bytes <= MAX_FULL_BYTES) return [];
  if (!isSeekable(container) || duration === 0) return [`%+#${MAX_HEAD_PACKETS}`];
  const start = Math.max(0, Math.min(...streams.map(({ start_time }) => Number(start_time) || 0)));
  const starts = Array.from({ length: WINDOWS - 1 }, (_, i) => start + ((i + 1) * duration) / WINDOWS);
  return [
    `%+#${windowPackets}`,
    ...starts.map((at) => `${at.toFixed(3)}%+#${windowPackets}`),
    `${Math.max(start, start + duration - TAIL_SECONDS).toFixed(3)}%`,
  ];
}

/** One packet: presentation time, decoding time (NaN if unknown) and duration (NaN if unknown), in seconds. */
interface Packet {
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
}

/** Returns the larger number. NaN counts as unknown. */
const maximum = (a: number, b: number): number => (b <= a || Number.isNaN(b) ? a : b);

/** Collects the packets of one stream in the order of the file. */
class PacketCollector {
  readonly #jumps: boolean;
  readonly #runs: number[][] = [];
  #run: number[] = [];
  #hasKeyframe = false;
  /** Packets before the first keyframe. */
  #early: Packet[] = [];
  #lastClock = Number.NaN;
  #end = -Infinity;
  #seconds = 0;
  #packets = 0;
  #untimed = 0;
  #keyframeDelay = Number.NaN;
  #frameDelay = Number.NaN;
  #lastKeyframe = Number.NaN;
  #keyframeDistance = Number.NaN;

  constructor({ container }: PacketSource) {
    this.#jumps = hasJumpingClock(container);
  }

  push(packet: Packet, isKeyframe: boolean): void {
    this.#packets++;
    if (Number.isNaN(packet.pts)) {
      this.#untimed++;
      this.#end = Math.max(this.#end, (packet.dts || -Infinity) + (packet.duration || 0));
      return;
    }
    this.#hasKeyframe ||= isKeyframe;
    const delay = packet.pts - packet.dts;
    this.#frameDelay = maximum(this.#frameDelay, delay);
    this.#keyframeDistance = maximum(this.#keyframeDistance, packet.pts - this.#lastKeyframe);
    if (isKeyframe) {
      this.#keyframeDelay = maximum(this.#keyframeDelay, delay);
      this.#lastKeyframe = packet.pts;
    }
    if (!this.#hasKeyframe) this.#early.push(packet);
    else this.#add(packet);
  }

  #add({ pts, dts, duration }: Packet): void {
    const clock = Number.isNaN(dts) ? pts : dts;
    if (this.#jumps && Math.abs(clock - this.#lastClock) > MAX_CLOCK_STEP) this.startRun();
    this.#lastClock = clock;
    if (this.#run.length === 0) this.#end = pts;
    this.#end = Math.max(this.#end, pts + (duration || 0));
    this.#run.push(pts);
  }

  startRun(): void {
    if (this.#run.length === 0) return;
    const times = [...new Set(this.#run)].sort((a, b) => a - b);
    this.#runs.push(times);
    this.#seconds += this.#end - times[0];
    this.#run = [];
    this.#lastClock = Number.NaN;
  }

  finish({ complete, reachedEnd }: { complete: boolean; reachedEnd: boolean }): PacketTimes {
    // Packets before the first keyframe cannot be decoded, unless the encoder refreshes frames part by part.
    if (!this.#hasKeyframe) for (const packet of this.#early) this.#add(packet);
    this.startRun();
    const distance = this.#runs.length > 1 ? Number.NaN : this.#keyframeDistance;
    const delay = complete ? this.#keyframeDelay : this.#frameDelay;
    const isClear = reachedEnd && !(this.#jumps && this.#runs.length > 1);
    return {
      runs: this.#runs,
      seconds: this.#seconds,
      last: isClear ? this.#runs.at(-1)?.at(-1) : undefined,
      end: isClear ? this.#end : undefined,
      complete,
      timed: this.#untimed <= MAX_UNTIMED_SHARE * this.#packets,
      reorderDelay: Number.isNaN(delay) ? undefined : delay,
      keyframeDistance: Number.isNaN(distance) ? undefined : distance,
    };
  }
}
