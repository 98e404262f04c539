import { chapterSpans } from "../../codec/iso/chapters.js";
import { escapeCueText } from "../../codec/iso/cue-text.js";
import type { TextCue } from "../../codec/iso/text-track.js";
import type { Video } from "../video/video.js";

type ChapteredVideo = Pick<Video, "metadata" | "duration">;

const spansOf = ({ metadata, duration }: ChapteredVideo) => chapterSpans(metadata.chapters ?? [], duration);

/** Returns the chapters of a video as cues. */
export const chapterCues = (video: ChapteredVideo): TextCue[] =>
  spansOf(video).map(({ start, end, title }) => ({
    start: Math.round(start * 1000),
    end: Math.round(end * 1000),
    settings: "",
    text: escapeCueText(title),
  }));

/** A chapter in the format of `com.apple.hls.chapters`. Times are in seconds. */
interface AppleChapter {
  /** From 1. */
  readonly chapter: number;
  readonly "start-time": number;
  readonly duration: number;
  readonly titles: readonly { readonly language: string; readonly title: string }[];
}

/** Returns the chapters of a video in the format that Apple's players read. */
export const appleChapters = (video: ChapteredVideo): AppleChapter[] =>
  spansOf(video).map(({ start, end, title }, index) => ({
    chapter: index + 1,
    "start-time": start,
    duration: Math.round((end - start) * 1000) / 1000,
    titles: [{ language: "und", title }],
  }));
