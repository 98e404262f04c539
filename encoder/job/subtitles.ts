import { frameSeconds, type TextTrackContents } from "../../codec/internal.js";
import { MediaError, readSubtitles, type SubtitleInfo } from "../../media/index.js";
import { textLimitReason } from "./limits.js";
import type { EncodeJob } from "./profile.js";

/**
 * Reads the text subtitle tracks of the encoded time range. Skips bitmap subtitles, and reports them and text that ffmpeg
 * cannot decode by `stream-skipped` events. An asset of a whole video has all text tracks of its source, even those
 * without cues: a server lists them before it has read the video. An asset of a part has those with cues in it.
 */
export async function collectSubtitles(job: EncodeJob): Promise<TextTrackContents[]> {
  const { from: start, to: end } = job.options;
  const isPart = start !== undefined || end !== undefined;
  const tracks: TextTrackContents[] = [];
  for (const source of job.video.info.subtitles) {
    const cues = await readTrack(job, source);
    if (cues.length === 0 && (isPart || !source.text)) continue;
    const { language, title, forced } = source;
    const isDefault = source.default && tracks.every((other) => !other.default);
    tracks.push({ language, title, forced, default: isDefault, cues });
  }
  return tracks;
}

/** Returns the cues of a track; none if it is skipped. */
async function readTrack(job: EncodeJob, source: SubtitleInfo): Promise<TextTrackContents["cues"]> {
  const { checkpoints, emit, signal } = job;
  const { info, frameCount } = job.video;
  const { input, from = 0 } = job.options;
  const { index, codec, language, text } = source;
  const description = `subtitle track ${index + 1} of ${input} (${codec}, language ${language})`;
  const skip = (reason: string) => {
    emit({ type: "stream-skipped", message: `skipped ${description}: ${reason}` });
    return [];
  };
  if (!text) return skip("bitmap subtitles are not supported, only text");
  // The asset ends with its last frame; later cues are cut.
  const to = from + frameSeconds(frameCount, info.frameRate);
  const temporary = checkpoints.path(`text-${index}.${process.pid}.part`);
  try {
    const range = { from, to, track: index, temporary, signal };
    const { cues, encoding } = await readSubtitles(input, info, range);
    if (encoding !== undefined) {
      const message = `${description}: the text is not UTF-8 and is read as ${encoding}, which is a guess; convert it to UTF-8 if that is wrong`;
      emit({ type: "stream-converted", message });
    }
    const reason = textLimitReason(cues, to - from);
    return reason === undefined ? cues : skip(reason);
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== "ffmpeg-failed") throw error;
    return skip(`${error.message}; convert it with ffmpeg to keep it`);
  }
}
