import type { Asset } from "../../codec/asset/asset.js";
import { h264Codec, type SampleEntry } from "../../media/h264-level.js";
import type { RegionRequest, SourceSize } from "../sizes/region.js";
import { type SizeRequest, sizeInUrl } from "../sizes/size.js";
import { audioBandwidth, videoBandwidth } from "./bandwidth.js";
import { type AudioRendition, masterPlaylist, type Variant } from "./master-playlist.js";
import { mediaPlaylist } from "./media-playlist.js";
import { audioSegments, framesToSeconds, targetDuration, videoSegments } from "./timeline.js";

/** The size of an elastic segment's URL, for the player to fill in. */
export const SIZE_PLACEHOLDER = "{size}";

/** `/:id/master.m3u8`: the sizes in the order given, without doubles. URLs are relative to `/:id/`. */
export function masterOf(asset: Asset, region: RegionRequest, sizes: readonly SizeRequest[]): string {
  const unique = [...new Map(sizes.map((size) => [size.canonical, size])).values()];
  const variants = unique.map((size) =>
    variant(asset, size, "avc1", `${region.canonical}/${sizeInUrl(size)}/index.m3u8`),
  );
  return masterPlaylist(variants, audioRenditions(asset));
}

/** `/:id/elastic.m3u8`: one variant, stated at the largest size that its segments may have. */
export function elasticMasterOf(asset: Asset, region: RegionRequest, largest: SourceSize): string {
  const elastic = variant(asset, largest, "avc3", `${region.canonical}/elastic/index.m3u8`);
  return masterPlaylist([elastic], audioRenditions(asset));
}

/** `/:id/:region/:size/index.m3u8`; `folder` leads to the canonical URLs of its segments, "" where it is there. */
export function videoPlaylistOf(asset: Asset, version: string, folder: string): string {
  const segments = videoSegments(asset).map(({ index, frameCount }) => ({
    duration: framesToSeconds(frameCount, asset),
    uri: `${folder}seg-${index}.m4s?v=${version}`,
  }));
  return mediaPlaylist(targetDuration(asset), `${folder}init.mp4?v=${version}`, segments);
}

/** `/:id/:region/elastic/index.m3u8`; `region` is "" or leads to the canonical region. */
export function elasticPlaylistOf(asset: Asset, version: string, region: string): string {
  const segments = videoSegments(asset).map(({ index, frameCount }) => ({
    duration: framesToSeconds(frameCount, asset),
    uri: `../${region}${SIZE_PLACEHOLDER}/elastic-${index}.m4s?v=${version}`,
  }));
  return mediaPlaylist(
    targetDuration(asset),
    region === "" ? `init.mp4?v=${version}` : `../${region}elastic/init.mp4?v=${version}`,
    segments,
  );
}

/** `/:id/audio-:n/index.m3u8`. */
export function audioPlaylistOf(asset: Asset, track: number, version: string): string {
  const { packetDuration, sampleRate } = asset.audio[track];
  const segments = audioSegments(asset, asset.audio[track]).map(({ index, packetCount }) => ({
    duration: (packetCount * packetDuration) / sampleRate,
    uri: `seg-${index}.m4s?v=${version}`,
  }));
  return mediaPlaylist(targetDuration(asset), `init.mp4?v=${version}`, segments);
}

function variant(asset: Asset, size: SourceSize, sampleEntry: SampleEntry, uri: string): Variant {
  const format = { width: size.width, height: size.height, frameRate: asset.frameRate };
  const video = videoBandwidth(asset, format, videoSegments(asset));
  const audio = asset.audio.map((track) => audioBandwidth(asset, track));
  const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), 0);
  return {
    uri,
    bandwidth: video.peak + most(audio.map((rate) => rate.peak)),
    averageBandwidth: video.average + most(audio.map((rate) => rate.average)),
    codecs: [h264Codec(format, sampleEntry), ...new Set(asset.audio.map((track) => track.codec))],
    width: size.width,
    height: size.height,
    frameRate: asset.frameRate.num / asset.frameRate.den,
  };
}

function audioRenditions(asset: Asset): AudioRendition[] {
  return asset.audio.map(({ index, language, channels }) => ({
    uri: `audio-${index}/index.m3u8`,
    name: `${languageName(language) ?? "Audio"} ${index + 1}`,
    language: languageTag(language),
    channels,
  }));
}

/** BCP 47 takes the shortest code, "de" for both of ISO 639-2's "deu" and "ger". */
const languageTag = (language: string): string | undefined =>
  language === "und" ? undefined : Intl.getCanonicalLocales(language)[0];

/** "German"; undefined for a code that nobody knows. */
function languageName(language: string): string | undefined {
  const tag = languageTag(language);
  return tag && new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(tag);
}
