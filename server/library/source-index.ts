import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { frameSeconds } from "../../codec/asset/rational.js";
import { type ProbeResult, probeVideo } from "../../media/probe/probe.js";
import { type PlannedAudio, planAudio } from "../../media/read/audio-plan.js";
import { readCover } from "../../media/read/cover.js";
import { writeState } from "./state-file.js";

/** What must be known of a source before it plays. It is made once, without decoding the video. */
export interface SourceIndex {
  readonly info: ProbeResult;
  /** Frames at `info.frameRate`. An encode of the source stores exactly these. */
  readonly frameCount: number;
  /** The audio tracks that its asset will have. */
  readonly audio: readonly PlannedAudio[];
  /** Whether the source has cover art that can be decoded. */
  readonly hasCover: boolean;
}

/** Part of the file names. Increase it when the same source has another index. */
const INDEX_VERSION = 5;

/** The indexes of sources, kept in a folder across restarts. */
export class SourceIndexes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Returns the index of a source. Rejects with MediaError if the file cannot be read as a video. An index that cannot be
   * written is made again after a restart.
   *
   * @param identity of the content of the file
   */
  async of(path: string, identity: string): Promise<SourceIndex> {
    const file = join(this.#folder, `${identity}.${INDEX_VERSION}.json`);
    const stored = await readFile(file, "utf8").then(parseIndex, () => undefined);
    if (stored !== undefined) return stored;
    const info = await probeVideo(path);
    const { num, den } = info.frameRate;
    const frameCount = info.frameCount ?? Math.max(1, Math.round((info.duration * num) / den));
    const { tracks } = await planAudio(path, info, { seconds: frameSeconds(frameCount, info.frameRate) });
    const hasCover = (await readCover(path, info)) !== undefined;
    const index = { info, frameCount, audio: tracks, hasCover };
    await writeState(file, index).catch(() => {});
    return index;
  }
}

/** Returns undefined if the text is not an index, such as one that a full disk has cut off. */
function parseIndex(text: string): SourceIndex | undefined {
  try {
    const { info, frameCount, audio, hasCover = false } = JSON.parse(text) as Partial<SourceIndex>;
    if (info === undefined || audio === undefined || !Number.isInteger(frameCount)) return undefined;
    return { info, frameCount: frameCount!, audio, hasCover };
  } catch {
    return undefined;
  }
}
