import { open } from "node:fs/promises";
import { MediaError } from "../errors.js";
import { isMovingVideo } from "./choose-video.js";
import type { Probed, ProbedStream } from "./run-ffprobe.js";

/**
 * Rejects files that ffprobe accepts but that are no videos, and videos that ffmpeg would decode with wrong colors.
 * @throws MediaError `not-a-video`, `unsupported-video`
 */
export async function requireReadable(path: string, { streams = [], format }: Probed): Promise<void> {
  const video = streams.find((stream) => stream.codec_type === "video" && isMovingVideo(stream));
  const container = format?.format_name ?? "";
  if (/(^|,)(image2|ico|[a-z0-9]+_pipe)(,|$)/.test(container)) {
    if (await isAnimatedWebp(path)) {
      throw new MediaError(
        "unsupported-video",
        `${path} is an animated WebP image, which ffmpeg cannot decode; convert it to GIF, APNG or MP4 first`,
      );
    }
    throw new MediaError(
      "not-a-video",
      `${path} is an image (${video?.codec_name ?? container}), not a video`,
    );
  }
  if (container === "tty" || video?.codec_name === "ansi") {
    throw new MediaError("not-a-video", `${path} is a text file, not a video`);
  }
}

/**
 * Rejects Dolby Vision without a base layer for other displays, whose colors are in a space that ffmpeg does not convert
 * (profile 5, and any other with compatibility 0).
 * @throws MediaError `unsupported-video`
 */
export function requireKnownColors(path: string, { side_data_list = [] }: ProbedStream): void {
  const dolbyVision = side_data_list.find(({ dv_profile }) => dv_profile !== undefined);
  if (dolbyVision === undefined || dolbyVision.dv_bl_signal_compatibility_id !== 0) return;
  throw new MediaError(
    "unsupported-video",
    `${path} is Dolby Vision profile ${dolbyVision.dv_profile}, whose colors (IPTPQc2) ffmpeg cannot convert; ` +
      "choose a version in SDR, HDR10 or HLG, or in Dolby Vision profile 8",
  );
}

/** Returns whether a file is a WebP image whose header has the animation flag. */
async function isAnimatedWebp(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(21), 0, 21, 0);
  const isExtended = buffer.toString("latin1", 8, 16) === "WEBPVP8X";
  return bytesRead === 21 && isExtended && (buffer[20] & 2) !== 0;
}
