/** One line of a media playlist. */
export interface PlaylistSegment {
  /** Seconds. */
  readonly duration: number;
  /** Relative to the playlist. */
  readonly uri: string;
  /** Tags of this segment alone. */
  readonly tags?: readonly string[];
}

export interface MediaPlaylistOptions {
  /** Whole seconds that no segment exceeds; the same in all renditions of picture and sound of a video. */
  readonly targetDuration: number;
  /** URI of the init segment; none for subtitles and images. */
  readonly init?: string;
  /** Segments of one keyframe each: EXT-X-I-FRAMES-ONLY. Sheets of thumbnails: EXT-X-IMAGES-ONLY. */
  readonly only?: "keyframes" | "images";
}

/** A complete media playlist, each of whose segments can be shown without the others (RFC 8216bis, 4.4). */
export function mediaPlaylist(
  { targetDuration, init, only }: MediaPlaylistOptions,
  segments: readonly PlaylistSegment[],
): string {
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    ...(only === "keyframes" ? ["#EXT-X-I-FRAMES-ONLY"] : []),
    ...(only === "images" ? ["#EXT-X-IMAGES-ONLY"] : []),
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...(init === undefined ? [] : [`#EXT-X-MAP:URI="${init}"`]),
    ...segments.flatMap(({ duration, uri, tags = [] }) => [
      `#EXTINF:${formatSeconds(duration)},`,
      ...tags,
      uri,
    ]),
    "#EXT-X-ENDLIST",
    "",
  ].join("\n");
}

// Nine decimals: an hour of segments of 1001/30000 s then ends within 2 microseconds of the truth.
const formatSeconds = (seconds: number): string => seconds.toFixed(9).replace(/(\.\d{3}\d*?)0+$/, "$1");
