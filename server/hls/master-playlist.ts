/** The attributes that a master playlist states for every kind of stream. */
export interface StreamAttributes {
  /** Relative to `/:id/`, as all URIs in this file. */
  readonly uri: string;
  /** Upper bound on the bits per second of any run of about one target duration, audio included. */
  readonly bandwidth: number;
  /** Upper bound on the bits per second of the full video. */
  readonly averageBandwidth: number;
  /** RFC 6381, video first; "jpeg" for images. */
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** A variant stream (EXT-X-STREAM-INF). */
export interface Variant extends StreamAttributes {
  /** Frames per second. */
  readonly frameRate: number;
  /** The group of audio renditions that plays with it. Default: none. */
  readonly audioGroup?: string;
}

/** A track as a rendition (EXT-X-MEDIA). */
export interface Rendition {
  readonly uri: string;
  /** Unique among the renditions of its type. */
  readonly name: string;
  /** BCP 47; undefined if unknown. */
  readonly language: string | undefined;
  /** Whether players select it at first. */
  readonly isDefault: boolean;
}

/** An audio track as a rendition (EXT-X-MEDIA). */
export interface AudioRendition extends Rendition {
  /** Index in `asset.audio`. */
  readonly track: number;
  readonly channels: number;
}

/** Audio renditions of which one plays at a time. */
export interface AudioGroup {
  readonly id: string;
  readonly renditions: readonly AudioRendition[];
}

/** A text track as a rendition (EXT-X-MEDIA). */
export interface TextRendition extends Rendition {
  /** Whether it is shown to viewers who understand the audio and have not selected subtitles. */
  readonly forced: boolean;
}

/** What a playlist says about the video (EXT-X-SESSION-DATA). */
export interface SessionData {
  /** Default: none. */
  readonly title?: string;
  /** The chapters in Apple's JSON format. Default: none. */
  readonly chaptersUri?: string;
}

/** All streams of a video, in playlist order. */
export interface MasterPlaylist {
  /** Relative path from the playlist to `/:id/`, with a trailing slash. Default: "". */
  readonly folder?: string;
  readonly sessionData?: SessionData;
  /** Players start with the first one. */
  readonly variants: readonly Variant[];
  /** Groups that no variant plays are left out. */
  readonly audio?: readonly AudioGroup[];
  /** Shown if the viewer, or the language of their system, selects them. */
  readonly text?: readonly TextRendition[];
  /** Keyframe-only streams, for scrubbing. */
  readonly keyframes?: readonly StreamAttributes[];
  /** Storyboards, for scrubbing. */
  readonly images?: readonly StreamAttributes[];
}

const TEXT_GROUP = "text";

/** Writes a master playlist (RFC 8216bis, 4.4.6). Image streams are Roku's extension. */
export function writeMasterPlaylist({
  folder = "",
  sessionData = {},
  variants,
  audio = [],
  text = [],
  keyframes = [],
  images = [],
}: MasterPlaylist): string {
  const playedGroups = audio.filter(({ id }) => variants.some(({ audioGroup }) => audioGroup === id));
  const located = <Stream extends { readonly uri: string }>(stream: Stream): Stream => ({
    ...stream,
    uri: folder + stream.uri,
  });
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...sessionDataLines(sessionData, folder),
    ...playedGroups.flatMap(({ id, renditions }) =>
      renditions.map((rendition) => audioLine(id, located(rendition))),
    ),
    ...text.map((rendition) => textLine(located(rendition))),
    ...variants.flatMap((variant) => [variantLine(variant, text.length > 0), located(variant).uri]),
    ...keyframes.map((stream) => keyframeLine(located(stream))),
    ...images.map((stream) => imageLine(located(stream))),
    "",
  ].join("\n");
}

/** Writes the session data whose names Apple's players know (RFC 8216bis, 4.4.6.4). */
function sessionDataLines({ title = "", chaptersUri }: SessionData, folder: string): string[] {
  // Quoted strings have no quotation marks.
  const value = title.replaceAll('"', "\u201d");
  return [
    ...(title === "" ? [] : [`#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="${value}"`]),
    ...(chaptersUri === undefined
      ? []
      : [`#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="${folder}${chaptersUri}"`]),
  ];
}

const mediaAttributes = (type: string, group: string, rendition: Rendition): string[] => [
  `TYPE=${type}`,
  `GROUP-ID="${group}"`,
  `NAME="${rendition.name}"`,
  ...(rendition.language === undefined ? [] : [`LANGUAGE="${rendition.language}"`]),
  `DEFAULT=${yesOrNo(rendition.isDefault)}`,
  "AUTOSELECT=YES",
];

const yesOrNo = (value: boolean): string => (value ? "YES" : "NO");

function audioLine(group: string, rendition: AudioRendition): string {
  const attributes = [
    ...mediaAttributes("AUDIO", group, rendition),
    `CHANNELS="${rendition.channels}"`,
    `URI="${rendition.uri}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

function textLine(rendition: TextRendition): string {
  const attributes = [
    ...mediaAttributes("SUBTITLES", TEXT_GROUP, rendition),
    `FORCED=${yesOrNo(rendition.forced)}`,
    `URI="${rendition.uri}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

const streamAttributes = (stream: StreamAttributes): string[] => [
  `BANDWIDTH=${stream.bandwidth}`,
  `AVERAGE-BANDWIDTH=${stream.averageBandwidth}`,
  `CODECS="${stream.codecs.join(",")}"`,
  `RESOLUTION=${stream.width}x${stream.height}`,
];

function variantLine(variant: Variant, hasText: boolean): string {
  const attributes = [
    ...streamAttributes(variant),
    `FRAME-RATE=${variant.frameRate.toFixed(3)}`,
    "VIDEO-RANGE=SDR",
    ...(variant.audioGroup === undefined ? [] : [`AUDIO="${variant.audioGroup}"`]),
    ...(hasText ? [`SUBTITLES="${TEXT_GROUP}"`] : []),
    "CLOSED-CAPTIONS=NONE",
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(",")}`;
}

const keyframeLine = (stream: StreamAttributes): string =>
  `#EXT-X-I-FRAME-STREAM-INF:${[...streamAttributes(stream), "VIDEO-RANGE=SDR", `URI="${stream.uri}"`].join(",")}`;

const imageLine = (stream: StreamAttributes): string =>
  `#EXT-X-IMAGE-STREAM-INF:${[...streamAttributes(stream), `URI="${stream.uri}"`].join(",")}`;
