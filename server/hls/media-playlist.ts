/** One segment of a media playlist. */
export interface PlaylistSegment {
  /** Seconds. */
  readonly duration: number;
  /** Relative to the playlist. */
  readonly uri: string;
  /** Tags that apply to this segment only. */
  readonly tags?: readonly string[];
}

export interface MediaPlaylist {
  /** Integer seconds that no segment exceeds. The same in all video and audio renditions of a video. */
  readonly targetDuration: number;
  /** URI of the init segment. Subtitles and images have none. */
  readonly init?: string;
  /** `keyframes`: one keyframe per segment (EXT-X-I-FRAMES-ONLY). `images`: storyboard sheets (EXT-X-IMAGES-ONLY). */
  readonly only?: "keyframes" | "images";
  readonly segments: readonly PlaylistSegment[];
}

/** Writes a complete media playlist of independent segments (RFC 8216bis, 4.4). */
export function writeMediaPlaylist({ targetDuration, init, only, segments }: MediaPlaylist): string {
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

// Nine decimals: the durations of one hour of 1001/30000 s segments then sum to within 2 microseconds.
const formatSeconds = (seconds: number): string => seconds.toFixed(9).replace(/(\.\d{3}\d*?)0+$/, "$1");
