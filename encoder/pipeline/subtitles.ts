import { frameSeconds, type TextContents } from "../../codec/index.js";
import { readSubtitles } from "../../media/index.js";
import type { Film } from "./film.js";

/** Every subtitle track of text that says something in the part that is encoded; pictures are left out. */
export async function keepSubtitles(
  film: Pick<Film, "info" | "checkpoints"> & {
    readonly options: { readonly input: string; readonly from: number | undefined };
    readonly frameCount: number;
  },
  signal?: AbortSignal,
): Promise<TextContents[]> {
  const { info, options, frameCount, checkpoints } = film;
  const { from = 0, input } = options;
  // A film ends with its last frame, subtitles or not.
  const to = from + frameSeconds(frameCount, info.frameRate);
  const kept: TextContents[] = [];
  for (const [track, { text, language }] of info.subtitles.entries()) {
    if (!text) continue;
    const temporary = checkpoints.path(`text-${track}.${process.pid}.part.vtt`);
    const cues = await readSubtitles(input, info, { from, to, track, temporary, signal });
    if (cues.length > 0) kept.push({ language, cues });
  }
  return kept;
}
