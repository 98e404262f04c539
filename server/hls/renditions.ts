import type { Asset } from "../../codec/asset/asset.js";
import { h264Codec, type SampleEntry, type StreamFormat } from "../../media/segments/h264-level.js";
import {
  codecLevel,
  codecString,
  SAMPLE_ENTRIES,
  type VideoCodec,
} from "../../media/segments/video-codec.js";
import { SIZE_PLACEHOLDER } from "../../protocol/url-parameters.js";
import {
  audioSegments,
  framesToSeconds,
  targetDuration,
  textSegments,
  videoSegments,
  wholeSeconds,
} from "../catalog/timeline.js";
import type { RegionRequest, SourceSize } from "../request/region.js";
import { type SizeRequest, sizeInUrl } from "../request/size.js";
import { audioBandwidth, type Bandwidth, keyframeBandwidth, videoBandwidth } from "./bandwidth.js";
import {
  type AudioRendition,
  type ImageStream,
  masterPlaylist,
  type Rendition,
  type Variant,
} from "./master-playlist.js";
import { mediaPlaylist } from "./media-playlist.js";
import { languageTag, renditionNames } from "./rendition-names.js";

/** What a master playlist is asked to offer. */
export interface MasterRequest {
  readonly region: RegionRequest;
  /** The size that the viewer has; first where there is one. */
  readonly exact?: SizeRequest;
  /** All others, largest first. */
  readonly ladder: readonly SizeRequest[];
  /** Of the variants, default H.264; keyframes for scrubbing are that always. */
  readonly codec?: VideoCodec;
  /** Streams of thumbnails. */
  readonly images?: readonly ImageStream[];
}

// The ladder has three steps to each halving: keyframes of every third are near enough for scrubbing.
const LADDER_STEPS_OF_KEY_FRAMES = 3;

/** `/:id/master.m3u8`: the exact size and the ladder, without doubles. URLs are relative to `/:id/`. */
export function masterOf(
  asset: Asset,
  { region, exact, ladder, codec = "h264", images = [] }: MasterRequest,
): string {
  const sizes = exact === undefined ? ladder : [exact, ...ladder];
  const held = sizes.filter((size) => codecLevel(formatOf(asset, size), codec) !== undefined);
  const unique = [...new Map(held.map((size) => [size.canonical, size])).values()];
  const folder = (size: SizeRequest) => `${region.canonical}/${sizeInUrl(size)}`;
  return masterPlaylist({
    variants: unique.map((size) =>
      variant(asset, size, SAMPLE_ENTRIES[codec], `${folder(size)}/index.m3u8${codecQuery(codec)}`),
    ),
    audio: audioRenditions(asset),
    text: textRenditions(asset),
    keyframes: ladder
      .filter((_, step) => step % LADDER_STEPS_OF_KEY_FRAMES === 0)
      .map((size) => keyframes(asset, size, `${folder(size)}/iframes.m3u8`)),
    images,
  });
}

/** What names a codec in a URL: the first parameter of its query, `?v=` the next. */
export const codecQuery = (codec: VideoCodec): string => (codec === "h264" ? "" : `?codec=${codec}`);

/** `/:id/elastic.m3u8`: one variant, stated at the largest size that its segments may have. */
export function elasticMasterOf(asset: Asset, region: RegionRequest, largest: SourceSize): string {
  const elastic = variant(asset, largest, "avc3", `${region.canonical}/elastic/index.m3u8`);
  return masterPlaylist({
    variants: [elastic],
    audio: audioRenditions(asset),
    text: textRenditions(asset),
  });
}

/** `/:id/:region/:size/index.m3u8`; `folder` leads to the canonical URLs of its segments, "" where it is there. */
export function videoPlaylistOf(
  asset: Asset,
  version: string,
  folder: string,
  codec: VideoCodec = "h264",
): string {
  const query = codec === "h264" ? `?v=${version}` : `${codecQuery(codec)}&v=${version}`;
  return mediaPlaylist(
    { targetDuration: targetDuration(asset), init: `${folder}init.mp4${query}` },
    videoParts(asset, (k) => `${folder}seg-${k}.m4s${query}`),
  );
}

/** `/:id/:region/:size/iframes.m3u8`: the first picture of each segment, in a fragment of its own. */
export function keyframePlaylistOf(asset: Asset, version: string, folder: string): string {
  const init = `${folder}init.mp4?v=${version}`;
  return mediaPlaylist(
    { targetDuration: targetDuration(asset), init, only: "keyframes" },
    videoParts(asset, (k) => `${folder}iframe-${k}.m4s?v=${version}`),
  );
}

/** `/:id/:region/elastic/index.m3u8`; `region` is "" or leads to the canonical region. */
export function elasticPlaylistOf(asset: Asset, version: string, region: string): string {
  const init = region === "" ? `init.mp4?v=${version}` : `../${region}elastic/init.mp4?v=${version}`;
  return mediaPlaylist(
    { targetDuration: targetDuration(asset), init },
    videoParts(asset, (k) => `../${region}${SIZE_PLACEHOLDER}/elastic-${k}.m4s?v=${version}`),
  );
}

/** `/:id/audio-:n/index.m3u8`. */
export function audioPlaylistOf(asset: Asset, track: number, version: string): string {
  const { packetDuration, sampleRate } = asset.audio[track];
  const segments = audioSegments(asset, asset.audio[track]).map(({ index, packetCount }) => ({
    duration: (packetCount * packetDuration) / sampleRate,
    uri: `seg-${index}.m4s?v=${version}`,
  }));
  return mediaPlaylist({ targetDuration: targetDuration(asset), init: `init.mp4?v=${version}` }, segments);
}

/** `/:id/text-:n/index.m3u8`; its target duration is its own, as that of subtitles may be. */
export function textPlaylistOf(asset: Asset, version: string): string {
  const segments = textSegments(asset).map(({ index, duration }) => ({
    duration,
    uri: `seg-${index}.vtt?v=${version}`,
  }));
  const longest = segments.reduce((max, { duration }) => Math.max(max, duration), 0);
  return mediaPlaylist({ targetDuration: wholeSeconds(longest) }, segments);
}

const videoParts = (asset: Asset, uri: (index: number) => string) =>
  videoSegments(asset).map(({ index, frameCount }) => ({
    duration: framesToSeconds(frameCount, asset),
    uri: uri(index),
  }));

const formatOf = ({ frameRate }: Asset, { width, height }: SourceSize): StreamFormat => ({
  width,
  height,
  frameRate,
});

function variant(asset: Asset, size: SourceSize, sampleEntry: SampleEntry, uri: string): Variant {
  const format = formatOf(asset, size);
  const video = videoBandwidth(asset, format, videoSegments(asset));
  const audio = asset.audio.map((track) => audioBandwidth(asset, track));
  const max = (of: (rate: Bandwidth) => number) => audio.map(of).reduce((a, b) => Math.max(a, b), 0);
  return {
    uri,
    bandwidth: video.peak + max((rate) => rate.peak),
    averageBandwidth: video.average + max((rate) => rate.average),
    codecs: [
      codecString(format, sampleEntry),
      ...new Set([...asset.audio, ...asset.text].map((track) => track.codec)),
    ],
    width: size.width,
    height: size.height,
    frameRate: asset.frameRate.num / asset.frameRate.den,
  };
}

function keyframes(asset: Asset, size: SourceSize, uri: string): ImageStream {
  const format = formatOf(asset, size);
  const { peak, average } = keyframeBandwidth(asset, format, videoSegments(asset));
  const { width, height } = size;
  return { uri, bandwidth: peak, averageBandwidth: average, codecs: [h264Codec(format)], width, height };
}

function audioRenditions(asset: Asset): AudioRendition[] {
  const names = renditionNames(asset.audio, "Audio");
  return asset.audio.map(({ index, language, channels }) => ({
    uri: `audio-${index}/index.m3u8`,
    name: names[index],
    language: languageTag(language),
    channels,
  }));
}

function textRenditions(asset: Asset): Rendition[] {
  const names = renditionNames(asset.text, "Subtitles");
  return asset.text.map(({ index, language }) => ({
    uri: `text-${index}/index.m3u8`,
    name: names[index],
    language: languageTag(language),
  }));
}
