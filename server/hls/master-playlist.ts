/** What a master playlist says of any stream of pictures. */
export interface ImageStream {
  readonly uri: string;
  /** Upper bound on the bits a second of any stretch of about a target duration, audio included. */
  readonly bandwidth: number;
  /** The same over the whole video. */
  readonly averageBandwidth: number;
  /** RFC 6381, video first; "jpeg" for pictures. */
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** One way of playing the video. */
export interface Variant extends ImageStream {
  /** Hertz. */
  readonly frameRate: number;
}

/** One track of sound or of subtitles as its own rendition. */
export interface Rendition {
  readonly uri: string;
  /** Unlike that of any other of its kind. */
  readonly name: string;
  /** BCP 47; undefined where unknown. */
  readonly language: string | undefined;
}

/** One audio track as its own rendition. */
export interface AudioRendition extends Rendition {
  readonly channels: number;
}

/** All streams of a video, in the order in which they are listed. */
export interface MasterContents {
  /** The first one is where players begin. */
  readonly variants: readonly Variant[];
  /** The first one is the default. */
  readonly audio?: readonly AudioRendition[];
  /** Shown when the viewer, or the language of their system, asks for them. */
  readonly text?: readonly Rendition[];
  /** Keyframes alone, for scrubbing. */
  readonly keyframes?: readonly ImageStream[];
  /** Sheets of thumbnails, for scrubbing. */
  readonly images?: readonly ImageStream[];
}

const AUDIO_GROUP = "audio";
const TEXT_GROUP = "text";

/** A master playlist (RFC 8216bis, 4.4.6); the streams of images are Roku's extension of it. */
export function masterPlaylist({
  variants,
  audio = [],
  text = [],
  keyframes = [],
  images = [],
}: MasterContents): string {
  const groups = [
    ...(audio.length > 0 ? [`AUDIO="${AUDIO_GROUP}"`] : []),
    ...(text.length > 0 ? [`SUBTITLES="${TEXT_GROUP}"`] : []),
  ];
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...audio.map((rendition, index) => audioLine(rendition, index === 0)),
    ...text.map(textLine),
    ...variants.flatMap((variant) => [streamLine(variant, groups), variant.uri]),
    ...keyframes.map(keyFrameLine),
    ...images.map(imageLine),
    "",
  ].join("\n");
}

const named = (type: string, group: string, { name, language }: Rendition): string[] => [
  `TYPE=${type}`,
  `GROUP-ID="${group}"`,
  `NAME="${name}"`,
  ...(language === undefined ? [] : [`LANGUAGE="${language}"`]),
];

function audioLine(rendition: AudioRendition, isDefault: boolean): string {
  const attributes = [
    ...named("AUDIO", AUDIO_GROUP, rendition),
    `DEFAULT=${isDefault ? "YES" : "NO"}`,
    "AUTOSELECT=YES",
    `CHANNELS="${rendition.channels}"`,
    `URI="${rendition.uri}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

function textLine(rendition: Rendition): string {
  const attributes = [
    ...named("SUBTITLES", TEXT_GROUP, rendition),
    "DEFAULT=NO",
    "AUTOSELECT=YES",
    "FORCED=NO",
    `URI="${rendition.uri}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

const rates = ({ bandwidth, averageBandwidth, codecs, width, height }: ImageStream): string[] => [
  `BANDWIDTH=${bandwidth}`,
  `AVERAGE-BANDWIDTH=${averageBandwidth}`,
  `CODECS="${codecs.join(",")}"`,
  `RESOLUTION=${width}x${height}`,
];

function streamLine(variant: Variant, groups: readonly string[]): string {
  const attributes = [
    ...rates(variant),
    `FRAME-RATE=${variant.frameRate.toFixed(3)}`,
    "VIDEO-RANGE=SDR",
    ...groups,
    "CLOSED-CAPTIONS=NONE",
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(",")}`;
}

const keyFrameLine = (stream: ImageStream): string =>
  `#EXT-X-I-FRAME-STREAM-INF:${[...rates(stream), "VIDEO-RANGE=SDR", `URI="${stream.uri}"`].join(",")}`;

const imageLine = (stream: ImageStream): string =>
  `#EXT-X-IMAGE-STREAM-INF:${[...rates(stream), `URI="${stream.uri}"`].join(",")}`;
