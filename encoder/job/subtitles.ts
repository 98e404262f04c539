import { frameSeconds, type TextTrackContents } from "../../codec/internal.js";
import { readSubtitles } from "../../media/index.js";
import type { EncodeEvent } from "../events.js";
import type { EncodeJob } from "../tile/encode-job.js";

/** Every subtitle track of text that says something in the part that is encoded; pictures are left out, and named. */
export async function collectSubtitles(
  job: Pick<EncodeJob, "info" | "checkpoints"> & {
    readonly options: { readonly input: string; readonly from: number | undefined };
    readonly frameCount: number;
  },
  emit: (event: EncodeEvent) => void,
  signal?: AbortSignal,
): Promise<TextTrackContents[]> {
  const { info, options, frameCount, checkpoints } = job;
  const { from = 0, input } = options;
  // A video ends with its last frame, subtitles or not.
  const to = from + frameSeconds(frameCount, info.frameRate);
  const kept: TextTrackContents[] = [];
  for (const [track, { text, language, codec }] of info.subtitles.entries()) {
    if (!text) {
      const what = `subtitles ${track + 1} (${codec}, language ${language})`;
      emit({
        type: "stream-skipped",
        message: `${what} of ${input} are pictures of text and are left out; only text is kept`,
      });
      continue;
    }
    const temporary = checkpoints.path(`text-${track}.${process.pid}.part.vtt`);
    const cues = await readSubtitles(input, info, { from, to, track, temporary, signal });
    if (cues.length > 0) kept.push({ language, cues });
  }
  return kept;
}
