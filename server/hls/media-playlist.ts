/** One line of a media playlist. */
export interface PlaylistSegment {
  /** Seconds. */
  readonly duration: number;
  /** Relative to the playlist. */
  readonly uri: string;
}

/**
 * A complete media playlist of fMP4 segments that each start with a key frame (RFC 8216bis, 4.4).
 *
 * @param targetDuration whole seconds that no segment exceeds; the same in all renditions of a film
 */
export function mediaPlaylist(
  targetDuration: number,
  init: string,
  segments: readonly PlaylistSegment[],
): string {
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    `#EXT-X-MAP:URI="${init}"`,
    ...segments.flatMap(({ duration, uri }) => [`#EXTINF:${formatSeconds(duration)},`, uri]),
    "#EXT-X-ENDLIST",
    "",
  ].join("\n");
}

// Nine decimals: an hour of segments of 1001/30000 s then ends within 2 microseconds of the truth.
const formatSeconds = (seconds: number): string => seconds.toFixed(9).replace(/(\.\d{3}\d*?)0+$/, "$1");
