import { rm, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Rational } from "../../codec/asset/rational.js";
import { writeError } from "../errors.js";
import { ffmpegCommand, fileUrl, quiet, runFfmpeg } from "../ffmpeg/run.js";
import { temporaryName, writeAtomically } from "./atomic-file.js";
import { flattenCues, type SubtitleCue, writeWebVtt } from "./webvtt.js";

/** One audio track, copied as it is. */
export interface Mp4Audio {
  /** AAC in ADTS: the bytes, pieces of them, or the name of a file. */
  readonly adts: Uint8Array | AsyncIterable<Uint8Array> | string;
  /** Samples at the start that come before time 0 (the encoder's delay), at `sampleRate` a second. */
  readonly delaySamples: number;
  readonly sampleRate: number;
  /** ISO 639-2; default "und". */
  readonly language?: string;
}

/** One track of subtitles. */
export interface Mp4Subtitles {
  /** In the order of their starts, milliseconds from the first frame. */
  readonly cues: readonly SubtitleCue[];
  /** ISO 639-2; default "und". */
  readonly language?: string;
}

export interface Mp4Options {
  /** The file to write; appears whole or not at all. */
  readonly output: string;
  /** Pixels, even. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: Rational;
  /** I420, BT.709 limited, width * height * 3 / 2 bytes each. */
  readonly frames: AsyncIterable<Uint8Array>;
  readonly audio?: readonly Mp4Audio[];
  /** Written as timed text (3GPP), which has one sample at a time and no positions. */
  readonly subtitles?: readonly Mp4Subtitles[];
  /** x264's constant rate factor, 0 to 51; default 16: no visible loss beyond the asset's own. */
  readonly crf?: number;
  readonly signal?: AbortSignal;
}

/**
 * Encodes frames as H.264 in an MP4 whose index comes first; sound is copied, not encoded again.
 * @throws MediaError "write-failed", "disk-full", "ffmpeg-missing", "ffmpeg-failed"; what `frames` throws.
 */
export async function writeMp4(options: Mp4Options): Promise<void> {
  const { output, audio = [] } = options;
  const temporary: string[] = [];
  try {
    const tracks: AudioFile[] = [];
    for (const track of audio) {
      let path = track.adts;
      if (typeof path !== "string") {
        path = temporaryName(output, ".aac");
        temporary.push(path);
        await writeFile(path, track.adts).catch((cause: unknown) => {
          throw writeError(output, cause);
        });
      }
      tracks.push({ ...track, path });
    }
    const texts: TextFile[] = [];
    for (const { cues, language } of options.subtitles ?? []) {
      const path = temporaryName(output, ".vtt");
      temporary.push(path);
      await writeFile(path, writeWebVtt(flattenCues(cues))).catch((cause: unknown) => {
        throw writeError(output, cause);
      });
      texts.push({ path, language });
    }
    await writeVideo(options, tracks, texts);
  } finally {
    for (const path of temporary) await rm(path, { force: true });
  }
}

type AudioFile = Omit<Mp4Audio, "adts"> & { readonly path: string };

interface TextFile {
  readonly path: string;
  readonly language: string | undefined;
}

function writeVideo(
  options: Mp4Options,
  audio: readonly AudioFile[],
  texts: readonly TextFile[],
): Promise<void> {
  const { output, width, height, frameRate, signal } = options;
  return writeAtomically(output, ".mp4", async (temporary) => {
    const stdin = Readable.from(options.frames, { objectMode: true, highWaterMark: 2 });
    const command = ffmpegCommand()
      .input(stdin)
      .inputOptions([...quiet, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`])
      .inputOptions(["-r", `${frameRate.num}/${frameRate.den}`])
      .outputOptions(["-map", "0:v"]);
    for (const [index, { path, delaySamples, sampleRate, language = "und" }] of audio.entries()) {
      // A negative start makes the muxer write an edit list that skips the encoder's delay.
      const offset = (-delaySamples / sampleRate).toFixed(9);
      command
        .input(fileUrl(path))
        .inputOptions(["-f", "aac", "-itsoffset", offset])
        .outputOptions(["-map", `${index + 1}:a`, "-c:a", "copy"])
        .outputOptions([`-metadata:s:a:${index}`, `language=${language}`]);
    }
    for (const [index, { path, language = "und" }] of texts.entries()) {
      command
        .input(fileUrl(path))
        .inputOptions(["-f", "webvtt"])
        .outputOptions(["-map", `${audio.length + index + 1}:s`, "-c:s", "mov_text"])
        .outputOptions([`-metadata:s:s:${index}`, `language=${language}`]);
    }
    command
      .outputOptions(["-c:v", "libx264", "-preset", "medium", "-crf", String(options.crf ?? 16)])
      .outputOptions(["-pix_fmt", "yuv420p", "-color_range", "tv", "-colorspace", "bt709"])
      .outputOptions(["-color_primaries", "bt709", "-color_trc", "bt709"])
      .outputOptions(["-movflags", "+faststart", "-f", "mp4"])
      .output(fileUrl(temporary));
    await runFfmpeg(command, { failure: `cannot write ${output}`, stdin, signal });
  });
}

export interface PngOptions {
  readonly output: string;
  /** Pixels, may be odd. */
  readonly width: number;
  readonly height: number;
  /** Full-range R'G'B'A, width * height * 4 bytes; alpha is left out. */
  readonly rgba: Uint8Array | Uint8ClampedArray;
  readonly signal?: AbortSignal;
}

/** Writes one picture as PNG. @throws as writeMp4. */
export function writePng({ output, width, height, rgba, signal }: PngOptions): Promise<void> {
  return writeAtomically(output, ".png", async (temporary) => {
    const stdin = Readable.from([Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength)]);
    const command = ffmpegCommand()
      .input(stdin)
      .inputOptions([...quiet, "-f", "rawvideo", "-pix_fmt", "rgba", "-s", `${width}x${height}`])
      .outputOptions(["-frames:v", "1", "-c:v", "png", "-pix_fmt", "rgb24", "-f", "image2", "-update", "1"])
      .output(fileUrl(temporary));
    await runFfmpeg(command, { failure: `cannot write ${output}`, stdin, signal });
  });
}
