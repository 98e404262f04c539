/** One way of playing the film. */
export interface Variant {
  readonly uri: string;
  /** Upper bound on the bits a second of any segment, audio included. */
  readonly bandwidth: number;
  /** The same over the whole film. */
  readonly averageBandwidth: number;
  /** RFC 6381, video first. */
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
  /** Hertz. */
  readonly frameRate: number;
}

/** One audio track as its own rendition. */
export interface AudioRendition {
  readonly uri: string;
  readonly name: string;
  /** BCP 47; undefined where unknown. */
  readonly language: string | undefined;
  readonly channels: number;
}

const AUDIO_GROUP = "audio";

/** A master playlist; the first variant is where players begin, the first rendition is the default. */
export function masterPlaylist(variants: readonly Variant[], audio: readonly AudioRendition[]): string {
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...audio.map((rendition, index) => mediaLine(rendition, index === 0)),
    ...variants.flatMap((variant) => [streamLine(variant, audio.length > 0), variant.uri]),
    "",
  ].join("\n");
}

function mediaLine({ uri, name, language, channels }: AudioRendition, isDefault: boolean): string {
  const yes = isDefault ? "YES" : "NO";
  const attributes = [
    "TYPE=AUDIO",
    `GROUP-ID="${AUDIO_GROUP}"`,
    `NAME="${name}"`,
    ...(language === undefined ? [] : [`LANGUAGE="${language}"`]),
    `DEFAULT=${yes}`,
    "AUTOSELECT=YES",
    `CHANNELS="${channels}"`,
    `URI="${uri}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

function streamLine(variant: Variant, hasAudio: boolean): string {
  const attributes = [
    `BANDWIDTH=${variant.bandwidth}`,
    `AVERAGE-BANDWIDTH=${variant.averageBandwidth}`,
    `CODECS="${variant.codecs.join(",")}"`,
    `RESOLUTION=${variant.width}x${variant.height}`,
    `FRAME-RATE=${variant.frameRate.toFixed(3)}`,
    "VIDEO-RANGE=SDR",
    ...(hasAudio ? [`AUDIO="${AUDIO_GROUP}"`] : []),
    "CLOSED-CAPTIONS=NONE",
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(",")}`;
}
