/**
 * Characters of a version that identify the segments and init segments of a video. Playback goes on across two versions in
 * which they are equal, such as those of a source and its asset.
 */
export const TIMELINE_KEY_LENGTH = 6;
