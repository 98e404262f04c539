import type { StreamFormat } from "../../media/segments/h264-level.js";
import {
  AV1_MIN_SIDE,
  CODEC_ENCODERS,
  codecLevel,
  VIDEO_CODECS,
  type VideoCodec,
} from "../../media/segments/video-codec.js";
import { RequestError } from "../errors.js";

/**
 * Parses the `codec` query parameter. Defaults to H.264.
 *
 * @param available the codecs that the installed ffmpeg encodes
 * @throws RequestError `bad-codec` or `codec-unavailable`
 */
export function parseCodec(name: string | undefined, available: ReadonlySet<VideoCodec>): VideoCodec {
  if (name === undefined) return "h264";
  const codec = VIDEO_CODECS.find((known) => known === name);
  if (codec === undefined) {
    const shown = name.length > 40 ? `${name.slice(0, 40)}...` : name;
    throw new RequestError("bad-codec", `codec must be one of ${VIDEO_CODECS.join(", ")}, got "${shown}"`);
  }
  if (codec === "h264" || available.has(codec)) return codec;
  throw new RequestError(
    "codec-unavailable",
    `the server's ffmpeg has no ${CODEC_ENCODERS[codec]}; omit codec to get H.264`,
  );
}

/** Formats the query that selects a codec: empty for H.264. In URLs, `v` follows it. */
export const codecQuery = (codec: VideoCodec): string => (codec === "h264" ? "" : `?codec=${codec}`);

/**
 * Rejects sizes that a codec cannot encode although H.264 can.
 *
 * @throws RequestError `size-too-small` or `size-too-large`
 */
export function assertCodecSize(format: StreamFormat, codec: VideoCodec): void {
  if (codecLevel(format, codec) !== undefined) return;
  const { width, height } = format;
  if (codec === "av1" && Math.min(width, height) < AV1_MIN_SIDE) {
    throw new RequestError(
      "size-too-small",
      `size ${width}x${height} is too small for AV1: each side must be >= ${AV1_MIN_SIDE} pixels`,
    );
  }
  throw new RequestError(
    "size-too-large",
    `size ${width}x${height} is too large for ${codec} at this frame rate; request a smaller size`,
  );
}
