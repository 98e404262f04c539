import type { Asset } from "../../codec/asset/asset.js";
import type { TextCue } from "../../codec/iso/text-track.js";

const known = new WeakMap<Asset, Map<number, Promise<TextCue[]>>>();

/** The subtitles of a track, read once for all of its segments. Rejects as `readText` does. */
export function cuesOf(asset: Asset, track: number): Promise<TextCue[]> {
  const tracks = known.get(asset) ?? new Map<number, Promise<TextCue[]>>();
  known.set(asset, tracks);
  const found = tracks.get(track);
  if (found !== undefined) return found;
  const reading = asset.readText(track);
  tracks.set(track, reading);
  reading.catch(() => tracks.delete(track));
  return reading;
}
