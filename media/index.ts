export { type AnalyseOptions, analyseVideo, type VideoAnalysis } from "./analyse.js";
export { checkWritable } from "./atomic-file.js";
export { type EncodeAudioOptions, encodeAudio } from "./audio-in.js";
export {
  type ConventionalCodec,
  type ConventionalOptions,
  encodeConventional,
  rateFactors,
  readConventional,
  requireCodec,
} from "./conventional.js";
export { MediaError, type MediaErrorCode } from "./errors.js";
export type { Fraction } from "./frame-rate.js";
export { type ReadFramesOptions, readFrames } from "./frames.js";
export { makeFolder } from "./make-folder.js";
export { encodePng, type Picture } from "./png.js";
export { type AudioInfo, probeVideo, type SubtitleInfo, type VideoInfo } from "./probe.js";
export { type SampleOptions, writeSample } from "./sample.js";
export { type ReadSubtitlesOptions, readSubtitles } from "./subtitles.js";
export {
  type Mp4Audio,
  type Mp4Options,
  type Mp4Subtitles,
  type PngOptions,
  writeMp4,
  writePng,
} from "./video-out.js";
export type { SubtitleCue } from "./webvtt.js";
export { writeY4m, type Y4mOptions } from "./y4m.js";
