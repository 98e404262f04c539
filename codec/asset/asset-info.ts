import type { Chapter } from "../iso/chapters.js";
import type { Asset, AudioTrack, GroupEntry, TextTrack } from "./asset.js";
import type { AssetMetadata } from "./metadata.js";
import type { Rational } from "./rational.js";

/** The metadata of an asset as JSON: the output of `siedd info --json` and the first fields of `info.json`. */
export interface AssetInfo {
  /** Hash of the file's content from when it was written, in hexadecimal; null for files of earlier versions. */
  readonly identity: string | null;
  /** Version of the file format. */
  readonly version: number;
  /** Network profile, `tile` or `paper`. */
  readonly profile: string;
  /** Title in the tags of the source; "" for none. */
  readonly title: string;
  /** When the video was made, as an ISO 8601 date or time; null if unknown. */
  readonly created: string | null;
  /** In rising order. */
  readonly chapters: readonly Chapter[];
  /** Source pixels. */
  readonly width: number;
  /** Source pixels. */
  readonly height: number;
  readonly frameCount: number;
  readonly frameRate: Rational;
  /** Seconds. */
  readonly duration: number;
  /** File size in bytes. */
  readonly bytes: number;
  /** Size of the cover art in bytes; 0 for none. */
  readonly coverBytes: number;
  readonly audio: readonly {
    readonly index: number;
    /** RFC 6381 codec string. */
    readonly codec: string;
    /** BCP 47 tag or ISO 639-2 code, `und` if unknown. */
    readonly language: string;
    /** Title from the source, such as "Commentary"; "" for none. */
    readonly title: string;
    /** Whether players select the track at first. */
    readonly default: boolean;
    /** Index of the track that this one is a stereo downmix of, else null. */
    readonly downmixOf: number | null;
    readonly channels: number;
    /** Hertz. */
    readonly sampleRate: number;
    /** Total size of all packets in bytes. */
    readonly bytes: number;
  }[];
  readonly text: readonly TextTrack[];
  readonly groups: readonly GroupInfo[];
}

/** The properties of a group. */
export interface GroupInfo extends Omit<GroupEntry, "parts"> {
  /** The networks in the sample of the group that cover several groups, if any: level of the span and bytes. */
  readonly longParts?: readonly { readonly level: number; readonly size: number }[];
}

/** Returns the metadata of an audio track as a plain object that can be serialized to JSON. */
export const audioTrackInfo = (track: AudioTrack): AssetInfo["audio"][number] => ({
  index: track.index,
  codec: track.codec,
  language: track.language,
  title: track.title,
  default: track.default,
  downmixOf: track.downmixOf,
  channels: track.channels,
  sampleRate: track.sampleRate,
  bytes: track.bytes,
});

/** Returns what a video says about itself as a plain object that can be serialized to JSON. */
export const descriptionOf = ({
  title = "",
  created,
  chapters = [],
}: AssetMetadata): Pick<AssetInfo, "title" | "created" | "chapters"> => ({
  title,
  created: created ?? null,
  chapters,
});

function groupInfo({ parts = [], ...group }: GroupEntry): GroupInfo {
  const own = parts.filter(({ level, group: first }) => level > 0 && first === group.index);
  if (own.length === 0) return group;
  return { ...group, longParts: own.map(({ level, size }) => ({ level, size })) };
}

/** Returns the metadata of an open asset as a plain object that can be serialized to JSON. */
export function assetInfo(asset: Asset): AssetInfo {
  const { identity, version, profile, width, height, frameCount, frameRate, duration, bytes, text, groups } =
    asset;
  return {
    identity,
    version,
    profile,
    ...descriptionOf(asset.metadata),
    width,
    height,
    frameCount,
    frameRate,
    duration,
    bytes,
    coverBytes: asset.coverBytes,
    audio: asset.audio.map(audioTrackInfo),
    text,
    groups: groups.map(groupInfo),
  };
}
