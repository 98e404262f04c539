import { copyFile, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { PartSize } from "../../codec/internal.js";
import { writeError } from "../../media/errors.js";
import { makeFolder } from "../../media/write/make-folder.js";
import { badOption, EncoderError } from "../errors.js";
import { defaultWorkDir } from "../options.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import type { TrainingWeights } from "../training/weights.js";
import { LOCK_FILE_NAME, lockAsset, lockWorkFolder } from "./lock.js";

/** A finished group. */
export interface FinishedGroup {
  /** The sample of the group in the asset. */
  readonly payload: Uint8Array;
  /** The parts of the sample that cover several groups. Default: none. */
  readonly longParts?: readonly PartSize[];
  /** PSNR of each frame, dB. */
  readonly psnr: Float64Array;
}

/** Names of the files in a work folder. A folder with others is not one, and must not be emptied. */
const CHECKPOINT_NAME = /^(lock.*|encode\.json|precision\.json|(anchor|group|audio|text)-.*|.*\.part)$/;
const IDENTITY_FILE = "encode.json";
const PRECISION_FILE = "precision.json";

/** The options of an encode that determine where its checkpoints are. */
export interface CheckpointOptions {
  readonly output: string;
  /** Whether to keep existing checkpoints; otherwise they are deleted. */
  readonly resume: boolean;
  /** Default: `<output>.work`. */
  readonly workDir?: string;
}

/**
 * The work folder of an encode. Each anchor and group is written atomically as soon as it is finished.
 * The folder is kept if the encode is interrupted, and removed when the encode is done.
 */
export class Checkpoints {
  readonly folder: string;
  /** Number of times that larger decoders have replaced the planned ones; 0 without a target. */
  stage = 0;
  /** Rate-control pass of the groups; 0 without a target. */
  pass = 0;
  readonly #output: string;
  readonly #releases: (() => Promise<void>)[] = [];

  private constructor(folder: string, output: string) {
    this.folder = folder;
    this.#output = output;
  }

  /**
   * Opens the work folder of an encode, and locks it and the asset.
   *
   * @param identity describes the input and the options; checkpoints are valid only for an equal identity
   * @throws EncoderError `no-match` if `resume` finds checkpoints of another encode, `in-use` if another encode has
   *   locked the folder
   * @throws MediaError if the folder cannot be written
   */
  static async open(
    { output, resume, workDir = defaultWorkDir(output) }: CheckpointOptions,
    identity: unknown,
  ): Promise<Checkpoints> {
    const checkpoints = new Checkpoints(workDir, output);
    await checkpoints.#lock();
    try {
      await checkpoints.#initialize(JSON.stringify(identity), resume);
      return checkpoints;
    } catch (error) {
      await checkpoints.release();
      throw error;
    }
  }

  /** @throws EncoderError `bad-option` if the folder holds files that are not checkpoints */
  async #checkFolder(): Promise<void> {
    if (this.folder === defaultWorkDir(this.#output)) return;
    const names = await readdir(this.folder).catch(() => []);
    const other = names.find((name) => !CHECKPOINT_NAME.test(name));
    if (other === undefined) return;
    throw badOption("workDir", `workDir must be an empty folder, but ${this.folder} contains ${other}`);
  }

  async #lock(): Promise<void> {
    await this.#checkFolder();
    try {
      await makeFolder(this.folder);
      const release = await lockWorkFolder(this.folder).catch(async (cause: unknown) => {
        // If the lock file cannot be written, the folder is new and empty.
        await rmdir(this.folder).catch(() => {});
        throw cause;
      });
      this.#releases.push(release);
      this.#releases.push(await lockAsset(this.#output));
    } catch (cause) {
      await this.release();
      throw cause instanceof EncoderError ? cause : writeError(this.folder, cause);
    }
  }

  async #initialize(identity: string, resume: boolean): Promise<void> {
    if (resume) await this.#adoptDefault(identity);
    const existing = resume ? await this.#read(IDENTITY_FILE) : undefined;
    if (existing !== undefined) {
      if (Buffer.from(existing).toString() === identity) return;
      throw new EncoderError(
        "no-match",
        `cannot resume: the checkpoints in ${this.folder} belong to another video or to other options; repeat the original options, or omit \`resume\` to start over`,
      );
    }
    for (const name of await readdir(this.folder)) {
      if (name !== LOCK_FILE_NAME) await rm(this.path(name), { recursive: true, force: true });
    }
    await this.#write(IDENTITY_FILE, Buffer.from(identity)).catch(async (cause) => {
      await this.remove();
      throw cause;
    });
  }

  /** Moves the checkpoints of the same encode from the default folder, unless there are some here. */
  async #adoptDefault(identity: string): Promise<void> {
    const folder = defaultWorkDir(this.#output);
    if (folder === this.folder || (await this.#read(IDENTITY_FILE)) !== undefined) return;
    const existing = await readFile(join(folder, IDENTITY_FILE), "utf8").catch(() => undefined);
    if (existing !== identity) return;
    // The identity comes last: without it, the others are deleted.
    const names = (await readdir(folder)).filter((name) => name !== LOCK_FILE_NAME && name !== IDENTITY_FILE);
    try {
      for (const name of [...names, IDENTITY_FILE]) await moveFile(join(folder, name), this.path(name));
      await rm(folder, { recursive: true, force: true });
    } catch (cause) {
      throw writeError(this.folder, cause);
    }
  }

  /** Returns the path of another file in the work folder, such as the encoded audio. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Renames a complete temporary file of the work folder to its final name. */
  async commitFile(name: string, temporary: string): Promise<void> {
    await rename(temporary, this.path(name));
  }

  /** Reads the weights of an anchor, one map per task; undefined if it is not finished. */
  async readAnchor(index: number): Promise<TrainingWeights[] | undefined> {
    const bytes = await this.#read(this.#anchorName(index));
    return bytes === undefined ? undefined : deserialize(bytes);
  }

  async writeAnchor(index: number, weights: readonly TrainingWeights[]): Promise<void> {
    await this.#write(this.#anchorName(index), serialize(weights));
  }

  /** Reads a group of a pass; undefined if it is not finished. */
  async readGroup(index: number, pass = this.pass): Promise<FinishedGroup | undefined> {
    const bytes = await this.#read(this.#groupName(index, pass));
    return bytes === undefined ? undefined : deserialize(bytes);
  }

  /** Reads a group. @throws Error if it is not finished */
  async requireGroup(index: number, pass = this.pass): Promise<FinishedGroup> {
    const group = await this.readGroup(index, pass);
    if (group === undefined)
      throw new Error(`the checkpoint of group ${index} is missing from ${this.folder}`);
    return group;
  }

  async writeGroup(index: number, group: FinishedGroup): Promise<void> {
    await this.#write(this.#groupName(index, this.pass), serialize(group));
  }

  /** Reads the precision that `precision: "auto"` chose when this encode began; undefined before that. */
  async readPrecision(): Promise<PrecisionDecision | undefined> {
    const bytes = await this.#read(PRECISION_FILE);
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString());
  }

  async writePrecision(decision: PrecisionDecision): Promise<void> {
    await this.#write(PRECISION_FILE, Buffer.from(JSON.stringify(decision)));
  }

  /** Unlocks the folder and keeps its contents. */
  async release(): Promise<void> {
    for (const release of this.#releases.splice(0)) await release();
  }

  /** Removes the work folder. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Removes the work folder after the asset was written, and one in the default place that it has made useless. */
  async removeFinished(): Promise<void> {
    await this.remove();
    await rm(defaultWorkDir(this.#output), { recursive: true, force: true });
  }

  /** Removes the folder after a failure, unless it holds trained weights. */
  async removeUnlessTrained(): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    if (!names.some((name) => /\.(weights|decoders)$/.test(name))) await this.remove();
  }

  #anchorName(index: number): string {
    return `anchor-${index}${this.#stageSuffix()}.weights`;
  }

  #groupName(index: number, pass: number): string {
    return `group-${index}${this.#stageSuffix()}${pass === 0 ? "" : `.pass-${pass}`}.decoders`;
  }

  #stageSuffix(): string {
    return this.stage === 0 ? "" : `.stage-${this.stage}`;
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    return readFile(this.path(name)).catch(() => undefined);
  }

  /** Writes a file atomically. */
  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.path(name);
    try {
      await writeFile(`${path}.part`, bytes, { flush: true });
      await rename(`${path}.part`, path);
    } catch (cause) {
      throw writeError(path, cause);
    }
  }
}

/** Moves a file, also to another file system. */
async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EXDEV") throw error;
    await copyFile(from, to);
  });
}
