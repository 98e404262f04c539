import { MediaError } from "../errors.js";
import type { PacketTimes } from "./packets.js";
import type { ProbedStream } from "./run-ffprobe.js";

/** Dispositions of images that belong to a file: covers and thumbnails. */
const IMAGE_DISPOSITIONS = ["attached_pic", "still_image", "timed_thumbnails"];

/** Returns whether a stream may be the video of a file without being asked for. */
export const isMovingVideo = ({ disposition }: ProbedStream): boolean =>
  IMAGE_DISPOSITIONS.every((name) => !disposition?.[name]);

/** Streams shorter than this share of the longest one are thumbnails or trailers. */
const MIN_LENGTH_SHARE = 0.1;
/** Streams of at least this share of the longest one have the same length. */
const SAME_LENGTH_SHARE = 0.98;

/**
 * Returns the main video stream: of those that are neither images nor far shorter than the longest one, the ones that
 * the file marks as default; of these, the longest; of these, the largest; of these, the first.
 */
export function chooseVideoStream(
  streams: readonly ProbedStream[],
  times: ReadonlyMap<number, PacketTimes>,
): ProbedStream | undefined {
  const moving = streams.filter(isMovingVideo);
  const lengths = new Map(moving.map((stream) => [stream, lengthOf(stream, times.get(stream.index))]));
  const atLeast = (candidates: readonly ProbedStream[], share: number) => {
    const longest = Math.max(...candidates.map((stream) => lengths.get(stream) ?? 0));
    return candidates.filter((stream) => (lengths.get(stream) ?? 0) >= longest * share);
  };
  const long = atLeast(moving, MIN_LENGTH_SHARE);
  const marked = long.filter(({ disposition }) => disposition?.default === 1);
  const longest = atLeast(marked.length > 0 ? marked : long, SAME_LENGTH_SHARE);
  const area = ({ width = 0, height = 0 }: ProbedStream) => width * height;
  return longest.toSorted((a, b) => area(b) - area(a))[0];
}

/**
 * Returns the duration of a stream in seconds. That of a single packet counts as 0: the container may have stretched it
 * to the end of the file.
 */
function lengthOf(stream: ProbedStream, times: PacketTimes | undefined): number {
  if (times?.complete && times.runs.length === 1 && times.runs[0].length === 1) return 0;
  return declaredSeconds(stream) ?? times?.seconds ?? 0;
}

/** Returns the duration that the container states for a stream, in seconds; undefined if it states none. */
export function declaredSeconds({ duration, start_time, tags }: ProbedStream): number | undefined {
  if (Number(duration) > 0) return Number(duration);
  // Matroska: the end of the stream, as in "00:00:08.029000000".
  const match = /^(\d+):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(tags?.DURATION ?? "");
  if (match === null) return undefined;
  const [hours, minutes, seconds] = match.slice(1).map(Number);
  const length = hours * 3600 + minutes * 60 + seconds - (Number(start_time) || 0);
  return length > 0 ? length : undefined;
}

/** @throws MediaError `no-video-stream` if the video streams have no index `index` */
export function requireVideoStream(
  path: string,
  streams: readonly ProbedStream[],
  index: number,
): ProbedStream {
  const stream = streams[index];
  if (stream !== undefined) return stream;
  const found = streams.map((each, i) => `${i} (${describeStream(each)})`).join(", ");
  throw new MediaError(
    "no-video-stream",
    `${path} has no video stream ${index}; ${found === "" ? "it has none" : `its video streams are ${found}`}`,
  );
}

/** Describes a video stream in a message. */
export const describeStream = ({ codec_name, width, height }: ProbedStream): string =>
  `${codec_name ?? "unknown codec"}, ${width ?? "?"} x ${height ?? "?"}`;
