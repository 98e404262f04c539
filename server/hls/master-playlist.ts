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
}

/** A text track as a rendition (EXT-X-MEDIA). */
export interface Rendition {
  readonly uri: string;
  /** Unique among the renditions of its type. */
  readonly name: string;
  /** BCP 47; undefined if unknown. */
  readonly language: string | undefined;
}

/** An audio track as a rendition (EXT-X-MEDIA). */
export interface AudioRendition extends Rendition {
  readonly channels: number;
}

/** All streams of a video, in playlist order. */
export interface MasterPlaylist {
  /** Relative path from the playlist to `/:id/`, with a trailing slash. Default: "". */
  readonly folder?: string;
  /** Players start with the first one. */
  readonly variants: readonly Variant[];
  /** The first one is the default. */
  readonly audio?: readonly AudioRendition[];
  /** Shown if the viewer, or the language of their system, selects them. */
  readonly text?: readonly Rendition[];
  /** Keyframe-only streams, for scrubbing. */
  readonly keyframes?: readonly StreamAttributes[];
  /** Storyboards, for scrubbing. */
  readonly images?: readonly StreamAttributes[];
}

const AUDIO_GROUP = "audio";
const TEXT_GROUP = "text";

/** Writes a master playlist (RFC 8216bis, 4.4.6). Image streams are Roku's extension. */
export function writeMasterPlaylist({
  folder = "",
  variants,
  audio = [],
  text = [],
  keyframes = [],
  images = [],
}: MasterPlaylist): string {
  const groups = [
    ...(audio.length > 0 ? [`AUDIO="${AUDIO_GROUP}"`] : []),
    ...(text.length > 0 ? [`SUBTITLES="${TEXT_GROUP}"`] : []),
  ];
  const located = <Stream extends { readonly uri: string }>(stream: Stream): Stream => ({
    ...stream,
    uri: folder + stream.uri,
  });
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...audio.map((rendition, index) => audioLine(located(rendition), index === 0)),
    ...text.map((rendition) => textLine(located(rendition))),
    ...variants.flatMap((variant) => [variantLine(variant, groups), located(variant).uri]),
    ...keyframes.map((stream) => keyframeLine(located(stream))),
    ...images.map((stream) => imageLine(located(stream))),
    "",
  ].join("\n");
}

const mediaAttributes = (type: string, group: string, { name, language }: Rendition): string[] => [
  `TYPE=${type}`,
  `GROUP-ID="${group}"`,
  `NAME="${name}"`,
  ...(language === undefined ? [] : [`LANGUAGE="${language}"`]),
];

function audioLine(rendition: AudioRendition, isDefault: boolean): string {
  const attributes = [
    ...mediaAttributes("AUDIO", AUDIO_GROUP, rendition),
    `DEFAULT=${isDefault ? "YES" : "NO"}`,
    "AUTOSELECT=YES",
    `CHANNELS="${rendition.channels}"`,
    `URI="${rendition.uri}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

function textLine(rendition: Rendition): string {
  const attributes = [
    ...mediaAttributes("SUBTITLES", TEXT_GROUP, rendition),
    "DEFAULT=NO",
    "AUTOSELECT=YES",
    "FORCED=NO",
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

function variantLine(variant: Variant, groups: readonly string[]): string {
  const attributes = [
    ...streamAttributes(variant),
    `FRAME-RATE=${variant.frameRate.toFixed(3)}`,
    "VIDEO-RANGE=SDR",
    ...groups,
    "CLOSED-CAPTIONS=NONE",
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(",")}`;
}

const keyframeLine = (stream: StreamAttributes): string =>
  `#EXT-X-I-FRAME-STREAM-INF:${[...streamAttributes(stream), "VIDEO-RANGE=SDR", `URI="${stream.uri}"`].join(",")}`;

const imageLine = (stream: StreamAttributes): string =>
  `#EXT-X-IMAGE-STREAM-INF:${[...streamAttributes(stream), `URI="${stream.uri}"`].join(",")}`;
