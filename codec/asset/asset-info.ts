import type { Asset, GroupEntry, TextTrack } from "./asset.js";
import type { Rational } from "./rational.js";

/** What `siedd info --json` prints and `info.json` begins with. */
export interface AssetInfo {
  readonly version: number;
  readonly profile: string;
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly frameRate: Rational;
  /** Seconds. */
  readonly duration: number;
  readonly bytes: number;
  readonly audio: readonly {
    readonly index: number;
    readonly codec: string;
    readonly language: string;
    readonly channels: number;
    readonly sampleRate: number;
    readonly bytes: number;
  }[];
  readonly text: readonly TextTrack[];
  readonly groups: readonly GroupEntry[];
}

/** The facts of an asset, ready for JSON. */
export function assetInfo(asset: Asset): AssetInfo {
  const { version, profile, width, height, frameCount, frameRate, duration, bytes, text, groups } = asset;
  const audio = asset.audio.map(({ index, codec, language, channels, sampleRate, bytes }) => ({
    index,
    codec,
    language,
    channels,
    sampleRate,
    bytes,
  }));
  return { version, profile, width, height, frameCount, frameRate, duration, bytes, audio, text, groups };
}
