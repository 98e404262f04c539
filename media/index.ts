/** Reads and writes media files with ffmpeg. */
export { MediaError, type MediaErrorCode } from "./errors.js";
export { killOnExit } from "./ffmpeg/kill-on-exit.js";
export { setLauncher } from "./ffmpeg/launcher.js";
export { fileIdentity } from "./probe/file-identity.js";
export { isPerProcess, type ProbeResult, probeVideo } from "./probe/probe.js";
export type { AudioInfo, SubtitleInfo } from "./probe/tracks.js";
export { aacPriming, type EncodeAudioOptions, encodeAudio } from "./read/aac-packets.js";
export { AAC_PACKET_SAMPLES } from "./read/audio.js";
export { type AudioNote, type AudioPlan, type PlannedAudio, planAudio } from "./read/audio-plan.js";
export { readCover } from "./read/cover.js";
export { type DetectScenesOptions, detectScenes, type SceneAnalysis } from "./read/detect-scenes.js";
export { type ReadFramesOptions, readFrames } from "./read/frames.js";
export { type ReadSubtitlesOptions, readSubtitles, type Subtitles } from "./read/subtitles.js";
export { checkWritable } from "./write/atomic-file.js";
export {
  type ConventionalCodec,
  type ConventionalOptions,
  encodeConventional,
  rateFactors,
  readConventional,
  requireCodec,
} from "./write/conventional.js";
export { makeFolder } from "./write/make-folder.js";
export { type Mp4Audio, type Mp4Options, type Mp4Subtitles, writeMp4 } from "./write/mp4.js";
export { encodePng, type PngOptions, type RgbImage, writePng } from "./write/png.js";
export { type SampleOptions, writeSample } from "./write/sample.js";
export { writeY4m, type Y4mOptions } from "./write/y4m.js";
