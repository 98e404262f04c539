import { open } from "node:fs/promises";
import { MediaError } from "../errors.js";
import { MAX_FRAME_PIXELS } from "../ffmpeg/input-limits.js";
import { isMovingVideo } from "./choose-video.js";
import type { Probed, ProbedStream } from "./run-ffprobe.js";

/**
 * Rejects images, which ffprobe accepts.
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
}

/** Demuxers of files that consist of the names of other files. */
const REFERENCE_DEMUXERS = /^(hls|applehttp|dash|webm_dash_manifest|concat|imf|sdp|rtsp|vobsub)$/;
/** Demuxers of text. */
const TEXT_DEMUXERS =
  /^(tty|ffmetadata|aqtitle|ass|jacosub|lrc|microdvd|mpl2|mpsub|pjs|realtext|sami|sbg|scc|srt|stl|subviewer1?|svs|tedcaptions|vplayer)$/;

/** Returns the error for a file whose demuxer is not among those that `inputLimits` allows. */
export function refusedFile(path: string, demuxer: string): MediaError {
  const choice = "choose an MP4, MKV, WebM or MOV file";
  if (REFERENCE_DEMUXERS.test(demuxer)) {
    return new MediaError(
      "not-a-video",
      `${path} is a list or a pattern of other files (ffmpeg's format ${demuxer}), which are not opened; ${choice}`,
    );
  }
  if (/^(image2|alias_pix|brender_pix|ico)$/.test(demuxer)) {
    return new MediaError("not-a-video", `${path} is an image (${demuxer}), not a video`);
  }
  if (TEXT_DEMUXERS.test(demuxer)) {
    return new MediaError("not-a-video", `${path} is a text file (${demuxer}), not a video; ${choice}`);
  }
  return new MediaError("not-a-video", `${path} has a format that is not accepted (${demuxer}); ${choice}`);
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

/** Rejects frames that are larger than ffmpeg may decode. @throws MediaError `unsupported-video` */
export function requireFrameSize(path: string, width: number, height: number): void {
  if (width * height <= MAX_FRAME_PIXELS) return;
  throw new MediaError(
    "unsupported-video",
    `${path} has ${width} x ${height} pixels, but a frame may have at most ${MAX_FRAME_PIXELS} (8192 x 8192); scale it down first`,
  );
}

/** Returns whether a file is a WebP image whose header has the animation flag. */
async function isAnimatedWebp(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(21), 0, 21, 0);
  const isExtended = buffer.toString("latin1", 8, 16) === "WEBPVP8X";
  return bytesRead === 21 && isExtended && (buffer[20] & 2) !== 0;
}
