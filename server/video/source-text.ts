import { mkdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TextTrack } from "../../codec/asset/asset.js";
import { frameSeconds } from "../../codec/asset/rational.js";
import type { TextCue } from "../../codec/iso/text-track.js";
import { MediaError } from "../../media/errors.js";
import { readSubtitles } from "../../media/read/subtitles.js";
import type { SourceFile } from "../library/library.js";
import { writeState } from "../library/state-file.js";

/** Part of the file names. Increase it when the same subtitles become other cues. */
const CUES_VERSION = 1;

const textSources = ({ info }: SourceFile) => info.subtitles.filter(({ text }) => text);

/** Returns the text tracks of a source as its asset will have them. Their sizes are unknown. */
export function textTracksOf(source: SourceFile): TextTrack[] {
  const tracks = textSources(source);
  const first = tracks.findIndex((track) => track.default);
  return tracks.map(({ language, title, forced }, index) => ({
    index,
    codec: "wvtt",
    language,
    title,
    default: index === first,
    forced,
    bytes: 0,
  }));
}

/** Reads the subtitles of sources, each track once: reading it takes ffmpeg through the whole file. */
export class SourceText {
  readonly #folder: string | undefined;

  /** @param folder where cues are kept across restarts; undefined to keep none */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /**
   * Returns the cues of a text track, ordered by start time. A track that ffmpeg cannot decode has none.
   * @throws MediaError `disk-full`, `ffmpeg-missing`, `ffmpeg-killed`
   */
  async read(source: SourceFile, track: number): Promise<TextCue[]> {
    const folder = this.#folder;
    const file = `${source.identity}-${track}.${CUES_VERSION}`;
    if (folder === undefined) return readCues(source, track, join(tmpdir(), `siedd-${process.pid}-${file}`));
    const path = join(folder, `${file}.json`);
    const stored = await readFile(path, "utf8").then(parseCues, () => undefined);
    if (stored !== undefined) return stored;
    const part = join(folder, `${file}.${process.pid}.part`);
    const isWritable = await mkdir(folder, { recursive: true }).then(
      () => true,
      () => false,
    );
    const cues = await readCues(
      source,
      track,
      isWritable ? part : join(tmpdir(), `siedd-${process.pid}-${file}`),
    );
    // Cues that cannot be kept are read again after a restart.
    await writeState(path, cues).catch(() => {});
    return cues;
  }
}

async function readCues(source: SourceFile, track: number, temporary: string): Promise<TextCue[]> {
  const subtitles = textSources(source)[track];
  if (subtitles === undefined) throw new RangeError(`subtitle track ${track} does not exist`);
  const { path, info, frameCount } = source;
  const to = frameSeconds(frameCount, info.frameRate);
  try {
    const { cues } = await readSubtitles(path, info, { track: subtitles.index, from: 0, to, temporary });
    return [...cues].sort((a, b) => a.start - b.start);
  } catch (error) {
    if (error instanceof MediaError && error.code === "ffmpeg-failed") return [];
    throw error;
  }
}

/** Returns undefined if the text is not a list of cues, such as one that a full disk has cut off. */
function parseCues(text: string): TextCue[] | undefined {
  try {
    const cues: unknown = JSON.parse(text);
    return Array.isArray(cues) ? (cues as TextCue[]) : undefined;
  } catch {
    return undefined;
  }
}
