import type { AudioTrack } from "../../codec/asset/asset.js";
import type { Viewport } from "../../codec/decode/viewport.js";
import { h264Codec, type SampleEntry, type StreamFormat } from "../../media/segments/h264-level.js";
import { codecLevel, codecString, type VideoCodec } from "../../media/segments/video-codec.js";
import { videoSegments } from "../catalog/timeline.js";
import { viewportPath } from "../request/viewport.js";
import type { VideoDescription } from "../video/video.js";
import { audioBandwidth, type Bandwidth, keyframeBandwidth, videoBandwidth } from "./bandwidth.js";
import type {
  AudioGroup,
  AudioRendition,
  StreamAttributes,
  TextRendition,
  Variant,
} from "./master-playlist.js";
import { languageTag, renditionNames } from "./rendition-names.js";

const AUDIO_GROUP = "audio";
const STEREO_GROUP = "stereo";
/** Variants with fewer pixels, such as 854 x 480, play stereo. */
const MIN_SURROUND_PIXELS = 500_000;

/** Describes how a viewport of a video is encoded. */
export const formatOf = ({ frameRate }: VideoDescription, { width, height }: Viewport): StreamFormat => ({
  width,
  height,
  frameRate,
});

/** Returns the viewports that a codec can encode by their paths below `/:id/`, each size once. */
export function encodableViewports(
  video: VideoDescription,
  viewports: readonly Viewport[],
  codec: VideoCodec,
): ReadonlyMap<string, Viewport> {
  const encodable = viewports.filter(
    (viewport) => codecLevel(formatOf(video, viewport), codec) !== undefined,
  );
  return new Map(encodable.map((viewport) => [viewportPath(viewport, video), viewport]));
}

/** How a variant is encoded and where it is. */
export interface VariantOptions {
  readonly sampleEntry: SampleEntry;
  readonly uri: string;
  /** The audio that plays with it; undefined for a video without audio. */
  readonly audio: AudioGroup | undefined;
}

/** Describes a variant with one group of audio renditions and all text tracks. */
export function variantStream(
  video: VideoDescription,
  viewport: Viewport,
  { sampleEntry, uri, audio: group }: VariantOptions,
): Variant {
  const format = formatOf(video, viewport);
  const videoRate = videoBandwidth(video, format, videoSegments(video));
  const tracks = (group?.renditions ?? []).map(({ track }) => video.audio[track]);
  const audio = tracks.map((track) => audioBandwidth(video, track));
  const maxAudio = (key: keyof Bandwidth) => audio.reduce((max, rates) => Math.max(max, rates[key]), 0);
  const trackCodecs = new Set([...tracks, ...video.text].map((track) => track.codec));
  return {
    uri,
    bandwidth: videoRate.peak + maxAudio("peak"),
    averageBandwidth: videoRate.average + maxAudio("average"),
    codecs: [codecString(format, sampleEntry), ...trackCodecs],
    width: viewport.width,
    height: viewport.height,
    frameRate: video.frameRate.num / video.frameRate.den,
    ...(group === undefined ? {} : { audioGroup: group.id }),
  };
}

/** Describes a keyframe-only stream. */
export function keyframeStream(video: VideoDescription, viewport: Viewport): StreamAttributes {
  const format = formatOf(video, viewport);
  const { peak, average } = keyframeBandwidth(video, format, videoSegments(video));
  return {
    uri: `${viewportPath(viewport, video)}/iframes.m3u8`,
    bandwidth: peak,
    averageBandwidth: average,
    codecs: [h264Codec(format)],
    width: viewport.width,
    height: viewport.height,
  };
}

/** Returns the usual name of the layouts that AAC numbers, such as "5.1": from six channels on, one is for bass. */
const layoutName = (channels: number): string => (channels > 5 ? `${channels - 1}.1` : `${channels}.0`);

/**
 * Describes all audio tracks, in the order of `asset.audio`. Exactly one is the default. A stereo downmix has the name of
 * its original and is the default in its place, because it needs a third of the bits.
 */
export function audioRenditions(video: VideoDescription): AudioRendition[] {
  const { audio } = video;
  const originals = audio.filter(isOriginal);
  const names = renditionNames(originals, "Audio");
  const nameOf = new Map(originals.map(({ index }, i) => [index, names[i]]));
  return audio.map((track) => {
    const { index, language, channels, downmixOf } = track;
    const hasDownmix = audio.some((other) => other.downmixOf === index);
    const isDefault = downmixOf === null ? track.default && !hasDownmix : audio[downmixOf].default;
    const name = `${nameOf.get(downmixOf ?? index)}`;
    return {
      track: index,
      uri: `audio-${index}/index.m3u8`,
      name: hasDownmix ? `${name} (${layoutName(channels)})` : name,
      language: languageTag(language),
      isDefault,
      channels,
    };
  });
}

const isOriginal = ({ downmixOf }: AudioTrack): boolean => downmixOf === null;

/** Returns the only group of a playlist with one variant. Viewers choose between surround and stereo. */
export const allAudio = (video: VideoDescription): AudioGroup[] =>
  video.audio.length === 0 ? [] : [{ id: AUDIO_GROUP, renditions: audioRenditions(video) }];

/**
 * Returns the groups of a playlist with several variants: the original tracks, and all tracks in stereo if some are
 * surround. Members that correspond to each other have the same attributes but CHANNELS (RFC 8216bis, 4.4.6.1.1).
 */
export function audioGroups(video: VideoDescription): AudioGroup[] {
  const { audio } = video;
  if (audio.every(isOriginal)) return allAudio(video);
  const renditions = audioRenditions(video);
  const originals = audio.filter(isOriginal).map((track) => {
    const downmix = audio.find(({ downmixOf }) => downmixOf === track.index);
    const stereo = { ...renditions[(downmix ?? track).index], isDefault: track.default };
    return { stereo, surround: { ...renditions[track.index], name: stereo.name, isDefault: track.default } };
  });
  return [
    { id: AUDIO_GROUP, renditions: originals.map(({ surround }) => surround) },
    { id: STEREO_GROUP, renditions: originals.map(({ stereo }) => stereo) },
  ];
}

/** Chooses the group of a variant: stereo for small sizes, where surround would need more bits than the video. */
export const audioGroupOf = (
  groups: readonly AudioGroup[],
  { width, height }: Viewport,
): AudioGroup | undefined => groups[width * height < MIN_SURROUND_PIXELS ? groups.length - 1 : 0];

/** Describes the text tracks. At most one is the default. */
export function textRenditions(video: VideoDescription): TextRendition[] {
  const names = renditionNames(video.text, "Subtitles");
  const defaultIndex = video.text.findIndex((track) => track.default);
  return video.text.map(({ index, language, forced }) => ({
    uri: `text-${index}/index.m3u8`,
    name: names[index],
    language: languageTag(language),
    isDefault: index === defaultIndex,
    forced,
  }));
}
