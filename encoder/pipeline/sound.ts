import { readFile } from "node:fs/promises";
import { encodeAudio } from "../../media/index.js";
import type { Film } from "./film.js";
import type { EncodedSound } from "./write-asset.js";

/** Encodes the first audio track once (AAC-LC), or takes it from the checkpoints; none gives an empty list. */
export async function encodeSound(film: Film, signal?: AbortSignal): Promise<EncodedSound[]> {
  const { info, options, checkpoints } = film;
  const track = info.audio[0];
  if (track === undefined) return [];
  const name = "audio-0.adts";
  const done = await readFile(checkpoints.path(name)).catch(() => undefined);
  if (done === undefined) {
    const temporary = checkpoints.path("audio-0.part.adts");
    await encodeAudio(options.input, info, { from: options.from, to: options.to, output: temporary, signal });
    await checkpoints.keepFile(name, temporary);
  }
  const adts = done ?? (await readFile(checkpoints.path(name)));
  return adts.length === 0 ? [] : [{ adts, language: track.language }];
}
