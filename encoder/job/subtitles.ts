import { frameSeconds, type TextTrackContents } from "../../codec/internal.js";
import { readSubtitles } from "../../media/index.js";
import type { EncodeJob } from "./profile.js";

/**
 * Reads the text subtitle tracks that have cues in the encoded time range. Skips bitmap subtitles and reports each by a
 * `stream-skipped` event.
 */
export async function collectSubtitles(job: EncodeJob): Promise<TextTrackContents[]> {
  const { checkpoints, emit, signal } = job;
  const { info, frameCount } = job.video;
  const { input, from = 0 } = job.options;
  // The asset ends with its last frame; later cues are cut.
  const to = from + frameSeconds(frameCount, info.frameRate);
  const tracks: TextTrackContents[] = [];
  for (const [track, source] of info.subtitles.entries()) {
    const { language, title, forced, codec } = source;
    if (!source.text) {
      emit({
        type: "stream-skipped",
        message: `skipped subtitle track ${track + 1} of ${input} (${codec}, language ${language}): bitmap subtitles are not supported, only text`,
      });
      continue;
    }
    const temporary = checkpoints.path(`text-${track}.${process.pid}.part.vtt`);
    const cues = await readSubtitles(input, info, { from, to, track, temporary, signal });
    if (cues.length === 0) continue;
    const isDefault = source.default && tracks.every((other) => !other.default);
    tracks.push({ language, title, forced, default: isDefault, cues });
  }
  return tracks;
}
