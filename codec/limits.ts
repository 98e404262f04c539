/*
 * Bounds of what a reader accepts, so that a small file cannot take much time or memory. docs/format.md, "Limits of
 * this reader", lists them with their reasons. All are far above what the encoder writes for a video of ten hours.
 */

/** Bytes of `moov`: the tables of 16 million samples, such as 90 hours of AAC at 48 kHz. */
export const MAX_MOOV_BYTES = 64 * 1024 * 1024;

/** Children of one box, and cues that are visible at the same time. */
export const MAX_CHILD_BOXES = 1024;

/** Frames per second of the video: from one per hour to that of high-speed cameras. */
export const MIN_FRAME_RATE = 1 / 3600;
/** See `MIN_FRAME_RATE`. */
export const MAX_FRAME_RATE = 1000;

/** Seconds of the video, because playlists and info.json list about one segment per second. */
export const MAX_VIDEO_SECONDS = 72 * 3600;
/** Seconds that a video may last however small it is; further ones need a byte each. */
export const FREE_VIDEO_SECONDS = 3600;

/** Groups of a video: 72 hours of groups that last a second. */
export const MAX_GROUPS = 2 ** 18;
/** Bytes of a group, below which there is no room for its header, its integers and its checksum. */
export const MIN_GROUP_BYTES = 32;
/** Bytes of a part of a group: a header without tiles, and a checksum. Also those of a group with spans. */
export const MIN_PART_BYTES = 15;
/** Bytes of a group: half a gigabit for about a second of video. */
export const MAX_GROUP_BYTES = 64 * 1024 * 1024;
/** Frames of a group, the maximum of its 16-bit field. */
export const MAX_GROUP_FRAMES = 65_535;
/** Seconds of a group: one frame at `MIN_FRAME_RATE`. */
export const MAX_GROUP_SECONDS = 3600;

/** Bytes of an AAC packet: the maximum of the length field of ADTS, from which packets come. */
export const MAX_AUDIO_PACKET_BYTES = 8191;

/** Bytes of the samples of a text track, which is read at once: about a hundred novels. */
export const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** Samples of a text track: three per second for 24 hours. */
export const MAX_TEXT_SAMPLES = 2 ** 18;

/** Source pixels per side of a tile; the encoder's tiles have at least 15. */
export const MIN_TILE_PIXELS = 4;

/** Weights that a shared encoder of the paper profile may have however small it is. */
export const FREE_ENCODER_VALUES = 2 ** 17;
/** Multiplications to open a group with factored matrices: about two seconds, at width 2048 two layers of rank 256. */
export const MAX_FACTOR_PRODUCTS = 2 ** 31;
/** Numbers of any group: those of 8192 x 8192 pixels at tile width 32. Bounds an opened group to 256 MiB. */
export const MAX_GROUP_VALUES = 2 ** 26;
/** Numbers that a group may have however small it is: twice those of a group of the encoder's default size. */
export const FREE_GROUP_VALUES = 2 ** 22;
/**
 * Further numbers per byte, of the mean group of a video or of the shared encoder: half a bit each. Those of the encoder
 * take 1 to 8 bits each.
 */
export const GROUP_VALUES_PER_BYTE = 16;

/**
 * Returns how many numbers (weights, biases and displacements) a group or one of its parts may have. The number is about
 * the same in all groups of a video, but a group of black frames takes far fewer bytes than others: their mean counts.
 * @param groups the groups of the video
 * @param span the number of groups that the longest part covers
 */
export function maxGroupValues(groups: readonly { readonly size: number }[], span = 1): number {
  const bytes = (span * groups.reduce((sum, { size }) => sum + size, 0)) / Math.max(1, groups.length);
  return Math.min(MAX_GROUP_VALUES, FREE_GROUP_VALUES + Math.floor(GROUP_VALUES_PER_BYTE * bytes));
}
