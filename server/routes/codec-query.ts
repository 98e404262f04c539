import type { FastifyRequest } from "fastify";
import type { StreamFormat } from "../../media/segments/h264-level.js";
import {
  AV1_MIN_SIDE,
  CODEC_ENCODERS,
  codecLevel,
  VIDEO_CODECS,
  type VideoCodec,
} from "../../media/segments/video-codec.js";
import { RequestError } from "../errors.js";
import { queryText } from "./send-text.js";

/** The codec that `?codec=` names, H.264 without. Throws RequestError `bad-codec` or `codec-unavailable`. */
export function codecOf(request: FastifyRequest, codecs: ReadonlySet<VideoCodec>): VideoCodec {
  const asked = queryText(request, "codec") ?? "h264";
  const codec = VIDEO_CODECS.find((name) => name === asked);
  if (codec === undefined) {
    throw new RequestError("bad-codec", `codec must be one of ${VIDEO_CODECS.join(", ")}`);
  }
  if (codec === "h264" || codecs.has(codec)) return codec;
  throw new RequestError(
    "codec-unavailable",
    `this server's ffmpeg has no ${CODEC_ENCODERS[codec]}; leave codec out for H.264`,
  );
}

/** Throws RequestError `size-too-small` or `size-too-large` for what a codec does not take, though H.264 does. */
export function expectCodecSize(format: StreamFormat, codec: VideoCodec): void {
  if (codecLevel(format, codec) !== undefined) return;
  const name = `${format.width}x${format.height}`;
  if (codec === "av1" && Math.min(format.width, format.height) < AV1_MIN_SIDE) {
    throw new RequestError(
      "size-too-small",
      `${name} is too small for AV1: each side needs at least ${AV1_MIN_SIDE} pixels`,
    );
  }
  throw new RequestError("size-too-large", `${name} is too large for ${codec} at this frame rate`);
}
