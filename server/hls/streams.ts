import type { Asset } from "../../codec/asset/asset.js";
import type { Viewport } from "../../codec/decode/viewport.js";
import { h264Codec, type SampleEntry, type StreamFormat } from "../../media/segments/h264-level.js";
import { codecLevel, codecString, type VideoCodec } from "../../media/segments/video-codec.js";
import { videoSegments } from "../catalog/timeline.js";
import { viewportPath } from "../request/viewport.js";
import { audioBandwidth, type Bandwidth, keyframeBandwidth, videoBandwidth } from "./bandwidth.js";
import type { AudioRendition, Rendition, StreamAttributes, Variant } from "./master-playlist.js";
import { languageTag, renditionNames } from "./rendition-names.js";

/** Describes how a viewport of a video is encoded. */
export const formatOf = ({ frameRate }: Asset, { width, height }: Viewport): StreamFormat => ({
  width,
  height,
  frameRate,
});

/** Returns the viewports that a codec can encode by their paths below `/:id/`, each size once. */
export function encodableViewports(
  asset: Asset,
  viewports: readonly Viewport[],
  codec: VideoCodec,
): ReadonlyMap<string, Viewport> {
  const encodable = viewports.filter(
    (viewport) => codecLevel(formatOf(asset, viewport), codec) !== undefined,
  );
  return new Map(encodable.map((viewport) => [viewportPath(viewport, asset), viewport]));
}

/** Describes a variant with all audio and text tracks. */
export function variantStream(
  asset: Asset,
  viewport: Viewport,
  sampleEntry: SampleEntry,
  uri: string,
): Variant {
  const format = formatOf(asset, viewport);
  const video = videoBandwidth(asset, format, videoSegments(asset));
  const audio = asset.audio.map((track) => audioBandwidth(asset, track));
  const maxAudio = (key: keyof Bandwidth) => audio.reduce((max, rates) => Math.max(max, rates[key]), 0);
  const trackCodecs = new Set([...asset.audio, ...asset.text].map((track) => track.codec));
  return {
    uri,
    bandwidth: video.peak + maxAudio("peak"),
    averageBandwidth: video.average + maxAudio("average"),
    codecs: [codecString(format, sampleEntry), ...trackCodecs],
    width: viewport.width,
    height: viewport.height,
    frameRate: asset.frameRate.num / asset.frameRate.den,
  };
}

/** Describes a keyframe-only stream. */
export function keyframeStream(asset: Asset, viewport: Viewport): StreamAttributes {
  const format = formatOf(asset, viewport);
  const { peak, average } = keyframeBandwidth(asset, format, videoSegments(asset));
  return {
    uri: `${viewportPath(viewport, asset)}/iframes.m3u8`,
    bandwidth: peak,
    averageBandwidth: average,
    codecs: [h264Codec(format)],
    width: viewport.width,
    height: viewport.height,
  };
}

/** Describes the audio tracks. The first one is the default. */
export function audioRenditions(asset: Asset): AudioRendition[] {
  const names = renditionNames(asset.audio, "Audio");
  return asset.audio.map(({ index, language, channels }) => ({
    uri: `audio-${index}/index.m3u8`,
    name: names[index],
    language: languageTag(language),
    channels,
  }));
}

/** Describes the text tracks. */
export function textRenditions(asset: Asset): Rendition[] {
  const names = renditionNames(asset.text, "Subtitles");
  return asset.text.map(({ index, language }) => ({
    uri: `text-${index}/index.m3u8`,
    name: names[index],
    language: languageTag(language),
  }));
}
