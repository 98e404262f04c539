import type { Viewport } from "../../codec/decode/viewport.js";
import { SAMPLE_ENTRIES, type VideoCodec } from "../../media/segments/video-codec.js";
import { SIZE_PLACEHOLDER } from "../../protocol/url-parameters.js";
import {
  audioSegments,
  ceilSeconds,
  framesToSeconds,
  targetDuration,
  textSegments,
  videoSegments,
} from "../catalog/timeline.js";
import { codecQuery } from "../request/codec.js";
import { formatRegion } from "../request/region.js";
import type { VideoDescription } from "../video/video.js";
import { type SessionData, type StreamAttributes, writeMasterPlaylist } from "./master-playlist.js";
import { type PlaylistSegment, writeMediaPlaylist } from "./media-playlist.js";
import {
  allAudio,
  audioGroupOf,
  audioGroups,
  encodableViewports,
  keyframeStream,
  textRenditions,
  variantStream,
} from "./streams.js";

/** What a master playlist offers. */
export interface MasterPlaylistOptions {
  /** The sizes of the variants. Players start with the first one. */
  readonly sizes: readonly Viewport[];
  /** The sizes of the keyframe-only streams, largest first. */
  readonly keyframeSizes: readonly Viewport[];
  /** Codec of the variants. Keyframe-only streams are always H.264. Default: H.264. */
  readonly codec?: VideoCodec;
  readonly images?: readonly StreamAttributes[];
  /** Relative path from the playlist to `/:id/`, with a trailing slash. Default: "". */
  readonly folder?: string;
  readonly sessionData?: SessionData;
}

// The ladder has three levels per halving: every third one is fine enough for scrubbing.
const KEYFRAME_LEVEL_STEP = 3;

/** Writes `/:id/master.m3u8` and `/:id/:region/:size/playlist.m3u8`. Lists each size once. */
export function masterPlaylist(
  video: VideoDescription,
  { sizes, keyframeSizes, codec = "h264", images = [], folder = "", sessionData }: MasterPlaylistOptions,
): string {
  const audio = audioGroups(video);
  return writeMasterPlaylist({
    folder,
    sessionData,
    variants: [...encodableViewports(video, sizes, codec)].map(([path, viewport]) =>
      variantStream(video, viewport, {
        sampleEntry: SAMPLE_ENTRIES[codec],
        uri: `${path}/index.m3u8${codecQuery(codec)}`,
        audio: audioGroupOf(audio, viewport),
      }),
    ),
    audio,
    text: textRenditions(video),
    keyframes: keyframeSizes
      .filter((_, level) => level % KEYFRAME_LEVEL_STEP === 0)
      .map((viewport) => keyframeStream(video, viewport)),
    images,
  });
}

/**
 * Writes `/:id/elastic.m3u8`, which has one variant.
 *
 * @param largest the largest viewport that its segments may have
 */
export function elasticMasterPlaylist(video: VideoDescription, largest: Viewport): string {
  const uri = `${formatRegion(largest.region, video)}/elastic/index.m3u8`;
  const audio = allAudio(video);
  return writeMasterPlaylist({
    variants: [variantStream(video, largest, { sampleEntry: "avc3", uri, audio: audio[0] })],
    audio,
    text: textRenditions(video),
  });
}

/** Where the URLs of a video playlist point to. */
export interface VideoPlaylistOptions {
  /** The current version of the video. */
  readonly version: string;
  /** Relative path to the canonical folder of its segments, with a trailing slash; "" if the playlist is in it. */
  readonly folder: string;
  /** Default: H.264. */
  readonly codec?: VideoCodec;
}

/** Writes `/:id/:region/:size/index.m3u8`. */
export function videoPlaylist(
  video: VideoDescription,
  { version, folder, codec = "h264" }: VideoPlaylistOptions,
): string {
  const query = codec === "h264" ? `?v=${version}` : `${codecQuery(codec)}&v=${version}`;
  return writeMediaPlaylist({
    targetDuration: targetDuration(video),
    init: `${folder}init.mp4${query}`,
    segments: playlistSegments(video, (k) => `${folder}seg-${k}.m4s${query}`),
  });
}

/** Writes `/:id/:region/:size/iframes.m3u8`: the first frame of each segment, each in its own fragment. */
export function keyframePlaylist(video: VideoDescription, version: string, folder: string): string {
  return writeMediaPlaylist({
    targetDuration: targetDuration(video),
    init: `${folder}init.mp4?v=${version}`,
    only: "keyframes",
    segments: playlistSegments(video, (k) => `${folder}iframe-${k}.m4s?v=${version}`),
  });
}

/**
 * Writes `/:id/:region/elastic/index.m3u8`. Players fill in the size in the URLs of its segments.
 *
 * @param regionFolder relative path from the requested region to the canonical one; "" if they are the same
 */
export function elasticPlaylist(video: VideoDescription, version: string, regionFolder: string): string {
  const elasticFolder = regionFolder === "" ? "" : `../${regionFolder}elastic/`;
  return writeMediaPlaylist({
    targetDuration: targetDuration(video),
    init: `${elasticFolder}init.mp4?v=${version}`,
    segments: playlistSegments(
      video,
      (k) => `../${regionFolder}${SIZE_PLACEHOLDER}/elastic-${k}.m4s?v=${version}`,
    ),
  });
}

/** Writes `/:id/audio-:n/index.m3u8`. */
export function audioPlaylist(video: VideoDescription, track: number, version: string): string {
  const { packetDuration, sampleRate } = video.audio[track];
  const segments = audioSegments(video, video.audio[track]).map(({ index, packetCount }) => ({
    duration: (packetCount * packetDuration) / sampleRate,
    uri: `seg-${index}.m4s?v=${version}`,
  }));
  return writeMediaPlaylist({
    targetDuration: targetDuration(video),
    init: `init.mp4?v=${version}`,
    segments,
  });
}

/** Writes `/:id/text-:n/index.m3u8`. Unlike audio, subtitles may have another target duration than the video. */
export function textPlaylist(video: VideoDescription, version: string): string {
  const segments = textSegments(video).map(({ index, duration }) => ({
    duration,
    uri: `seg-${index}.vtt?v=${version}`,
  }));
  const longest = segments.reduce((max, { duration }) => Math.max(max, duration), 0);
  return writeMediaPlaylist({ targetDuration: ceilSeconds(longest), segments });
}

const playlistSegments = (video: VideoDescription, uri: (index: number) => string): PlaylistSegment[] =>
  videoSegments(video).map(({ index, frameCount }) => ({
    duration: framesToSeconds(frameCount, video),
    uri: uri(index),
  }));
