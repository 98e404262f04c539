import type { ProbedStream } from "./run-ffprobe.js";
import { isTextSubtitle } from "./stream-properties.js";

/** The properties of audio and subtitle streams that menus and playlists show. */
export interface TrackInfo {
  /** Index among the streams of its type, from 0. */
  readonly index: number;
  /** ffmpeg's name of the codec. */
  readonly codec: string;
  /** ISO 639-2 code as in the source, else a BCP 47 tag; "und" if unknown. */
  readonly language: string;
  /** Title, such as "Commentary"; "" if it has none. */
  readonly title: string;
  /** Whether the source marks it as a default track. */
  readonly default: boolean;
}

/** An audio stream. */
export interface AudioInfo extends TrackInfo {
  /** ffmpeg's name of the profile, such as "LC" of AAC; "" if the codec has none. */
  readonly profile: string;
  /** 0 if ffmpeg does not know the codec. */
  readonly channels: number;
  /** ffmpeg's name of the channel layout, such as "5.1(side)"; "" or "unknown" if the channels have no positions. */
  readonly layout: string;
  /** Hertz. */
  readonly sampleRate: number;
  /** Time of the first packet on the clock of the file, seconds. */
  readonly startTime: number;
}

/** A subtitle stream. */
export interface SubtitleInfo extends TrackInfo {
  /** Whether the source marks it as forced: signs, and speech in other languages than the audio's. */
  readonly forced: boolean;
  /** False for bitmap subtitles. */
  readonly text: boolean;
}

const isType = (type: string) => (stream: ProbedStream) => stream.codec_type === type;

/** Returns the audio streams of a file. */
export const audioTracks = (streams: readonly ProbedStream[]): AudioInfo[] =>
  streams.filter(isType("audio")).map((stream, index) => ({
    ...trackInfo(stream, index),
    profile: stream.profile ?? "",
    channels: stream.channels ?? 0,
    layout: stream.channel_layout ?? "",
    sampleRate: Number(stream.sample_rate ?? 0),
    startTime: Number(stream.start_time) || 0,
  }));

/** Returns the subtitle streams of a file. */
export const subtitleTracks = (streams: readonly ProbedStream[]): SubtitleInfo[] =>
  streams.filter(isType("subtitle")).map((stream, index) => ({
    ...trackInfo(stream, index),
    forced: stream.disposition?.forced === 1,
    text: isTextSubtitle(stream.codec_name),
  }));

const trackInfo = (stream: ProbedStream, index: number): TrackInfo => ({
  index,
  codec: stream.codec_name ?? "unknown",
  language: parseLanguage(stream.tags?.language ?? stream.tags?.LANGUAGE ?? ""),
  title: (stream.tags?.title ?? stream.tags?.TITLE ?? "").replace(/\s+/g, " ").trim(),
  default: stream.disposition?.default === 1,
});

/**
 * Returns a language as its ISO 639-2 code if the source has one, else as a canonical BCP 47 tag ("en", "pt-BR");
 * "und" if it is neither.
 */
export function parseLanguage(tag: string): string {
  const normalized = tag.trim().replaceAll("_", "-");
  if (/^[a-z]{3}$/i.test(normalized)) return normalized.toLowerCase();
  try {
    const [canonical = "und"] = Intl.getCanonicalLocales(normalized);
    // Words such as "English" are well-formed tags, but of no language.
    const name = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(canonical);
    return name === undefined ? "und" : canonical;
  } catch {
    return "und";
  }
}
