import { rm, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Rational } from "../../codec/asset/rational.js";
import type { TextCue } from "../../codec/iso/text-track.js";
import { writeError } from "../errors.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg } from "../ffmpeg/run.js";
import { iso639Code } from "../iso-639.js";
import { flattenCues, writeWebVtt } from "../webvtt/webvtt.js";
import { temporaryName, writeAtomically } from "./atomic-file.js";
import { type FileDescription, writeFfmetadata } from "./ffmetadata.js";

/** How players describe and choose a track. */
export interface Mp4TrackLabels {
  /** BCP 47 tag, or ISO 639-2 code, which is all that the file can hold. Default "und". */
  readonly language?: string;
  /** Default: none. */
  readonly title?: string;
  /** Default false. If no track of a type is a default one, the first is. */
  readonly default?: boolean;
  /** Whether subtitles are for viewers who understand the audio. Default false. */
  readonly forced?: boolean;
}

/** One audio track, copied without re-encoding. */
export interface Mp4Audio extends Mp4TrackLabels {
  /** AAC in ADTS: the bytes, chunks of them, or the path of a file. */
  readonly adts: Uint8Array | AsyncIterable<Uint8Array> | string;
  /** Encoder delay: samples that precede time 0. */
  readonly delaySamples: number;
  /** Hertz. */
  readonly sampleRate: number;
}

/** One subtitle track. */
export interface Mp4Subtitles extends Mp4TrackLabels {
  /** Ordered by start time, in milliseconds from the first frame. */
  readonly cues: readonly TextCue[];
}

/** What `writeMp4` writes. */
export interface Mp4Options extends FileDescription {
  /** The file to write. It is replaced atomically. */
  readonly output: string;
  /** Pixels, even. */
  readonly width: number;
  /** Pixels, even. */
  readonly height: number;
  readonly frameRate: Rational;
  /** I420, BT.709 limited, width * height * 3 / 2 bytes each. */
  readonly frames: AsyncIterable<Uint8Array>;
  readonly audio?: readonly Mp4Audio[];
  /** Written as timed text (3GPP). Overlapping cues are merged, and cue settings are dropped. */
  readonly subtitles?: readonly Mp4Subtitles[];
  /** A JPEG file to attach as cover art. Default: none. */
  readonly cover?: Uint8Array;
  /** x264's constant rate factor, 0 to 51. Default 16, which adds no visible loss. */
  readonly crf?: number;
  readonly signal?: AbortSignal;
}

/**
 * Encodes frames as H.264 in an MP4 with its index first. Audio is copied.
 * @throws MediaError `write-failed`, `disk-full`, `ffmpeg-missing`, `ffmpeg-failed`; the signal's reason. Errors of
 *   `frames` pass through.
 */
export async function writeMp4(options: Mp4Options): Promise<void> {
  const { output, audio = [] } = options;
  const temporary: string[] = [];
  try {
    const write = async (extension: string, contents: Parameters<typeof writeFile>[1]): Promise<string> => {
      const path = temporaryName(output, extension);
      temporary.push(path);
      await writeFile(path, contents).catch((cause: unknown) => {
        throw writeError(output, cause);
      });
      return path;
    };
    const tracks: AudioFile[] = [];
    for (const track of audio) {
      const { adts } = track;
      tracks.push({ ...track, path: typeof adts === "string" ? adts : await write(".aac", adts) });
    }
    const texts: TextFile[] = [];
    for (const { cues, ...labels } of options.subtitles ?? []) {
      texts.push({ ...labels, path: await write(".vtt", writeWebVtt(flattenCues(cues))) });
    }
    const metadata = writeFfmetadata(options);
    const description = metadata === undefined ? undefined : await write(".ffmetadata", metadata);
    const cover = options.cover && (await write(".jpg", options.cover));
    await writeVideo(options, { cover, tracks, texts, description });
  } finally {
    for (const path of temporary) await rm(path, { force: true });
  }
}

type AudioFile = Omit<Mp4Audio, "adts"> & { readonly path: string };

interface TextFile extends Mp4TrackLabels {
  readonly path: string;
}

/**
 * Returns the output options that label a track. The title is also written as the handler's name, which more players show.
 * @param stream ffmpeg's specifier, such as "a:0"
 */
function labelOptions(stream: string, { language = "und", title, ...flags }: Mp4TrackLabels): string[] {
  const metadata = [`language=${iso639Code(language)}`];
  if (title) metadata.push(`title=${title}`, `handler_name=${title}`);
  const dispositions = (["default", "forced"] as const).filter((name) => flags[name]);
  return [
    ...metadata.flatMap((entry) => [`-metadata:s:${stream}`, entry]),
    ...[`-disposition:${stream}`, dispositions.join("+") || "0"],
  ];
}

/** The files that ffmpeg reads besides the frames. */
interface InputFiles {
  readonly tracks: readonly AudioFile[];
  readonly texts: readonly TextFile[];
  /** Path of a file in ffmpeg's format `ffmetadata`. */
  readonly description: string | undefined;
  readonly cover: string | undefined;
}

function writeVideo(options: Mp4Options, { tracks, texts, description, cover }: InputFiles): Promise<void> {
  const { output, width, height, frameRate, signal } = options;
  return writeAtomically(output, ".mp4", async (temporary) => {
    const stdin = Readable.from(options.frames, { objectMode: true, highWaterMark: 2 });
    const command = ffmpegCommand()
      .input(stdin)
      .inputOptions([...BASE_OPTIONS, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`])
      .inputOptions(["-r", `${frameRate.num}/${frameRate.den}`])
      .outputOptions(["-map", "0:v"]);
    for (const [index, { path, delaySamples, sampleRate, ...labels }] of tracks.entries()) {
      // A negative start time makes the muxer write an edit list that skips the encoder delay.
      const offset = (-delaySamples / sampleRate).toFixed(9);
      command
        .input(fileUrl(path))
        .inputOptions(["-f", "aac", "-itsoffset", offset])
        .outputOptions(["-map", `${index + 1}:a`, "-c:a", "copy"])
        .outputOptions(...labelOptions(`a:${index}`, labels));
    }
    for (const [index, { path, ...labels }] of texts.entries()) {
      command
        .input(fileUrl(path))
        .inputOptions(["-f", "webvtt"])
        .outputOptions(["-map", `${tracks.length + index + 1}:s`, "-c:s", "mov_text"])
        .outputOptions(...labelOptions(`s:${index}`, labels));
    }
    if (description !== undefined) {
      const input = `${tracks.length + texts.length + 1}`;
      command
        .input(fileUrl(description))
        // Our own file; a user's file of this format is no video.
        .inputOptions(["-f", "ffmetadata", "-format_whitelist", "ffmetadata"])
        .outputOptions(["-map_metadata", input, "-map_chapters", input]);
    }
    if (cover !== undefined) {
      const input = tracks.length + texts.length + (description === undefined ? 1 : 2);
      command
        .input(fileUrl(cover))
        .inputOptions(["-f", "jpeg_pipe"])
        .outputOptions(["-map", `${input}:v`, "-c:v:1", "copy", "-disposition:v:1", "attached_pic"]);
    }
    command
      .outputOptions(["-c:v:0", "libx264", "-preset", "medium", "-crf", String(options.crf ?? 16)])
      .outputOptions(["-pix_fmt", "yuv420p", "-color_range", "tv", "-colorspace", "bt709"])
      .outputOptions(["-color_primaries", "bt709", "-color_trc", "bt709"])
      .outputOptions(["-movflags", "+faststart", "-f", "mp4"])
      .output(fileUrl(temporary));
    await runFfmpeg(command, { failure: `cannot write ${output}`, stdin, signal });
  });
}
