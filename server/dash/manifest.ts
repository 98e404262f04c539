import { XMLBuilder } from "fast-xml-parser";
import type { Viewport } from "../../codec/decode/viewport.js";
import { codecString, SAMPLE_ENTRIES, type VideoCodec } from "../../media/segments/video-codec.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { audioSegments, framesToSeconds, videoSegments } from "../catalog/timeline.js";
import { audioBandwidth, videoBandwidth } from "../hls/bandwidth.js";
import { imageStream } from "../hls/image-playlist.js";
import { audioRenditions, encodableViewports, formatOf, textRenditions } from "../hls/streams.js";
import { findSheet, type Storyboard } from "../render/storyboard.js";
import { codecQuery } from "../request/codec.js";

/** What a manifest offers. */
export interface ManifestOptions {
  /** The sizes of the video. */
  readonly sizes: readonly Viewport[];
  /** Default: H.264. */
  readonly codec?: VideoCodec;
  /** Offered as thumbnails. Default: none. */
  readonly storyboard?: Storyboard | undefined;
  /** Relative path from the manifest to `/:id/`, with a trailing slash. Default: "". */
  readonly folder?: string;
}

/** An XML element for `XMLBuilder`: keys that start with `@_` are attributes, and the others are child elements. */
interface XmlElement {
  readonly [name: string]: XmlElement | readonly XmlElement[] | string | number | boolean | undefined;
}

const BUILDER = new XMLBuilder({
  ignoreAttributes: false,
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  format: true,
});

/**
 * Writes `/:id/manifest.mpd` and `/:id/:region/:size/index.mpd` (ISO/IEC 23009-1), with the segments of the HLS
 * renditions.
 */
export function dashManifest(entry: CatalogEntry, options: ManifestOptions): string {
  const { video } = entry;
  const { folder = "" } = options;
  const longest = videoSegments(video).reduce((max, { frameCount }) => Math.max(max, frameCount), 0);
  const segmentSeconds = formatDuration(framesToSeconds(longest, video));
  const adaptationSets = [
    videoSet(entry, options),
    ...audioSets(entry, folder),
    ...textSets(entry, folder),
    ...(options.storyboard === undefined ? [] : [imageSet(entry, options.storyboard, folder)]),
  ];
  return BUILDER.build({
    "?xml": { "@_version": "1.0", "@_encoding": "UTF-8" },
    MPD: {
      "@_xmlns": "urn:mpeg:dash:schema:mpd:2011",
      "@_profiles": "urn:mpeg:dash:profile:isoff-live:2011",
      "@_type": "static",
      "@_mediaPresentationDuration": formatDuration(video.duration),
      "@_maxSegmentDuration": segmentSeconds,
      "@_minBufferTime": segmentSeconds,
      Period: {
        "@_id": "0",
        "@_start": "PT0S",
        AdaptationSet: adaptationSets.map((set, id) => ({ "@_id": id, ...set })),
      },
    },
  });
}

/**
 * Formats seconds as an XML duration, rounded up to milliseconds: players drop a frame that ends after the presentation.
 */
const formatDuration = (seconds: number): string => `PT${Math.ceil(seconds * 1000 - 1e-6) / 1000}S`;

/** One Representation per size. Its id is the folder of its segments. */
function videoSet(
  { video, version }: CatalogEntry,
  { sizes, codec = "h264", folder = "" }: ManifestOptions,
): XmlElement {
  const { num, den } = video.frameRate;
  const segments = videoSegments(video);
  const query = `${codec === "h264" ? "?" : `${codecQuery(codec)}&`}v=${version}`;
  return {
    "@_contentType": "video",
    "@_mimeType": "video/mp4",
    "@_frameRate": den === 1 ? num : `${num}/${den}`,
    "@_segmentAlignment": true,
    "@_startWithSAP": 1,
    Role: role("main"),
    SegmentTemplate: segmentTemplate(`${folder}$RepresentationID$/`, {
      query,
      timescale: num,
      durations: segments.map(({ frameCount }) => frameCount * den),
    }),
    Representation: [...encodableViewports(video, sizes, codec)].map(([path, viewport]) => ({
      "@_id": path,
      "@_bandwidth": videoBandwidth(video, formatOf(video, viewport), segments).peak,
      "@_codecs": codecString(formatOf(video, viewport), SAMPLE_ENTRIES[codec]),
      "@_width": viewport.width,
      "@_height": viewport.height,
    })),
  };
}

/** One AdaptationSet per audio track. */
function audioSets({ video, version }: CatalogEntry, folder: string): XmlElement[] {
  return audioRenditions(video).map(({ name, language, channels, isDefault }, index) => {
    const track = video.audio[index];
    return {
      "@_contentType": "audio",
      "@_mimeType": "audio/mp4",
      ...languageAttribute(language),
      "@_segmentAlignment": true,
      "@_startWithSAP": 1,
      AudioChannelConfiguration: descriptor(
        "urn:mpeg:dash:23003:3:audio_channel_configuration:2011",
        channels,
      ),
      Label: name,
      Role: role(isDefault ? "main" : "alternate"),
      SegmentTemplate: segmentTemplate(`${folder}$RepresentationID$/`, {
        query: `?v=${version}`,
        timescale: track.sampleRate,
        durations: audioSegments(video, track).map(({ packetCount }) => packetCount * track.packetDuration),
      }),
      Representation: {
        "@_id": `audio-${index}`,
        "@_bandwidth": audioBandwidth(video, track).peak,
        "@_codecs": track.codec,
        "@_audioSamplingRate": track.sampleRate,
      },
    };
  });
}

/** One AdaptationSet per subtitle track, each a complete file: few players support segments of plain WebVTT. */
function textSets({ video, version }: CatalogEntry, folder: string): XmlElement[] {
  return textRenditions(video).map(({ name, language, isDefault, forced }, index) => ({
    "@_contentType": "text",
    "@_mimeType": "text/vtt",
    ...languageAttribute(language),
    Label: name,
    Role: [...(isDefault ? [role("main")] : []), role(forced ? "forced-subtitle" : "subtitle")],
    Representation: {
      "@_id": `text-${index}`,
      "@_bandwidth": Math.ceil((8 * video.text[index].bytes) / video.duration),
      BaseURL: `${folder}text-${index}.vtt?v=${version}`,
    },
  }));
}

/** The storyboard as tiled thumbnails (DASH-IF IOP 4.3, 6.2.6). The last sheet may have fewer rows than stated. */
function imageSet(entry: CatalogEntry, storyboard: Storyboard, folder: string): XmlElement {
  const { thumbnail, intervalMs } = storyboard;
  const { columns, rows } = findSheet(entry, storyboard, 0);
  return {
    "@_contentType": "image",
    "@_mimeType": "image/jpeg",
    SegmentTemplate: {
      "@_timescale": 1000,
      "@_duration": columns * rows * intervalMs,
      "@_startNumber": 0,
      "@_media": `${folder}storyboard-$Number$.jpg?v=${entry.version}`,
    },
    Representation: {
      "@_id": "storyboard",
      "@_bandwidth": imageStream(entry, storyboard).bandwidth,
      "@_width": columns * thumbnail.width,
      "@_height": rows * thumbnail.height,
      EssentialProperty: descriptor("http://dashif.org/guidelines/thumbnail_tile", `${columns}x${rows}`),
    },
  };
}

const descriptor = (schemeIdUri: string, value: string | number): XmlElement => ({
  "@_schemeIdUri": schemeIdUri,
  "@_value": value,
});

const role = (value: string): XmlElement => descriptor("urn:mpeg:dash:role:2011", value);

const languageAttribute = (language: string | undefined): XmlElement =>
  language === undefined ? {} : { "@_lang": language };

interface SegmentTimeline {
  /** Query of the segments' URLs. */
  readonly query: string;
  /** Ticks per second. */
  readonly timescale: number;
  /** Ticks of each segment. */
  readonly durations: readonly number[];
}

/** Describes contiguous segments of exact durations, with an init segment next to them. */
const segmentTemplate = (folder: string, { query, timescale, durations }: SegmentTimeline): XmlElement => ({
  "@_timescale": timescale,
  "@_startNumber": 0,
  "@_initialization": `${folder}init.mp4${query}`,
  "@_media": `${folder}seg-$Number$.m4s${query}`,
  SegmentTimeline: { S: runsOf(durations) },
});

/** Joins segments of equal durations: `t` is the start of the first one, and `r` the number of repetitions. */
function runsOf(durations: readonly number[]): XmlElement[] {
  const runs: { start: number; duration: number; count: number }[] = [];
  let start = 0;
  for (const duration of durations) {
    const last = runs.at(-1);
    if (last?.duration === duration) last.count++;
    else runs.push({ start, duration, count: 1 });
    start += duration;
  }
  return runs.map(({ start, duration, count }) => ({
    "@_t": start,
    "@_d": duration,
    ...(count === 1 ? {} : { "@_r": count - 1 }),
  }));
}
