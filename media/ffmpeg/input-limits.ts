import { availableParallelism } from "node:os";

/** Demuxers of containers and streams with video. */
const VIDEO_DEMUXERS =
  "asf asf_o av1 avi avs2 avs3 cavsvideo dirac dnxhd dv flv gxf h261 h263 h264 hevc ivf ivr kux live_flv lxf m4v " +
  "matroska mov mpeg mpegts mpegtsraw mpegvideo mxf mxg nsv nut nuv obu ogg pva rm swf ty vc1 vc1test viv vivo vvc wtv " +
  "yuv4mpegpipe";
/** Demuxers of animations and of sequences of images in one file. */
const ANIMATION_DEMUXERS = "apng gif jpegxl_anim mjpeg mjpeg_2000 mpjpeg smjpeg";
/** Demuxers of the videos of games and of old systems. */
const LEGACY_DEMUXERS =
  "4xm anm avs bethsoftvid bfi bink c93 cdxl cine dfa dsicin dxa ea film_cpk filmstrip flic gdv hnm idcin iff ipmovie ipu " +
  "iv8 jv lmlm4 lvf mm moflex mods mtv mv mvi nc paf pmp psxstr rl2 roq rpl ser sga siff smk smush sol thp tiertexseq " +
  "tmv txd vividas vmd wc3movie wsvqa xmv yop";
/** Demuxers of audio and of single images, so that errors can say what such a file is, and of the files that we write. */
const OTHER_DEMUXERS =
  "aac ac3 aiff amr ape au caf dts eac3 flac mlp mp3 mpc mpc8 truehd tta w64 wav wv " +
  "bmp_pipe dds_pipe dpx_pipe exr_pipe gem_pipe gif_pipe hdr_pipe ico j2k_pipe jpeg_pipe jpegls_pipe jpegxl_pipe " +
  "pam_pipe pbm_pipe pcx_pipe pgm_pipe png_pipe ppm_pipe psd_pipe qoi_pipe sgi_pipe svg_pipe tiff_pipe webp_pipe " +
  "xbm_pipe xpm_pipe xwd_pipe webvtt";

/**
 * The demuxers that ffmpeg may use for files. Each reads only the file itself. Playlists, manifests and patterns of file
 * names (hls, dash, concat, imf, image2, sdp, vobsub, mlv ...) would let a file show the contents of others.
 */
const DEMUXERS = [VIDEO_DEMUXERS, ANIMATION_DEMUXERS, LEGACY_DEMUXERS, OTHER_DEMUXERS]
  .join(" ")
  .replaceAll(" ", ",");

/** Pixels of the largest frame that is decoded: 8192 x 8192, as in assets. */
export const MAX_FRAME_PIXELS = 2 ** 26;

/**
 * Options of ffmpeg and ffprobe before each file that they read: nothing but the file itself is opened, and no frame is
 * larger than the limit, whatever the container says.
 */
const FILE_LIMITS = [
  ...["-format_whitelist", DEMUXERS, "-protocol_whitelist", "file,pipe"],
  ...["-max_pixels", `${MAX_FRAME_PIXELS}`],
];

/** Names that ffmpeg takes for a pattern of the names of many images, although a file has exactly this name. */
const GIF_PATTERN = /[%*?{[].*\.gif$/i;

/** Returns a path as a URL, so that ffmpeg never parses it as an option, a protocol or a pattern. */
export const fileUrl = (path: string): string => `file:${path}`;

/** Returns the input options with which ffmpeg and ffprobe must read a URL; none unless it is that of a file. */
export function inputLimits(url: string): readonly string[] {
  if (!url.startsWith("file:")) return [];
  return GIF_PATTERN.test(url) ? [...FILE_LIMITS, "-f", "gif"] : FILE_LIMITS;
}

/** Returns the demuxer that ffmpeg has refused because of its limits, from its stderr; undefined if it refused none. */
export const refusedDemuxer = (stderr: string): string | undefined =>
  /^\[([\w,]+) @ \w+\] Format not on whitelist/m.exec(stderr)?.[1];

/** Bytes of the frames that the threads of a decoder hold, besides its reference frames. */
const THREAD_FRAME_BYTES = 256 << 20;
/** Bytes per pixel, about: between 8-bit and 10-bit 4:2:0. */
const BYTES_PER_PIXEL = 2;

/**
 * Returns the input options that bound the threads of a decoder: ffmpeg starts one per core, and each holds a frame, which
 * takes gigabytes at 8192 x 8192 pixels and many cores. None for sizes at which all cores fit.
 */
export function threadLimit(pixels: number): readonly string[] {
  const threads = Math.max(1, Math.floor(THREAD_FRAME_BYTES / (BYTES_PER_PIXEL * pixels)));
  return threads < availableParallelism() ? ["-threads", `${threads}`] : [];
}
