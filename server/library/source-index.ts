import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ProbeResult, probeVideo } from "../../media/probe/probe.js";

/** What must be known of a source before it plays. It is made once, without decoding the video. */
export interface SourceIndex {
  readonly info: ProbeResult;
  /** Frames at `info.frameRate`. An encode of the source stores exactly these. */
  readonly frameCount: number;
}

/** Part of the file names. Increase it when the same source has another index. */
const INDEX_VERSION = 1;

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
    const index = { info, frameCount };
    await this.#write(file, index).catch(() => {});
    return index;
  }

  async #write(file: string, index: SourceIndex): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const part = `${file}.${process.pid}.part`;
    await writeFile(part, JSON.stringify(index));
    await rename(part, file);
  }
}

/** Returns undefined if the text is not an index, such as one that a full disk has cut off. */
function parseIndex(text: string): SourceIndex | undefined {
  try {
    const { info, frameCount } = JSON.parse(text) as Partial<SourceIndex>;
    return info !== undefined && Number.isInteger(frameCount) ? { info, frameCount: frameCount! } : undefined;
  } catch {
    return undefined;
  }
}
