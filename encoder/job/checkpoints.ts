import { readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { writeError } from "../../media/errors.js";
import { makeFolder } from "../../media/write/make-folder.js";
import { EncoderError } from "../errors.js";
import type { TrainingWeights } from "../tile/weights.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import { LOCK_FILE_NAME, lockWorkFolder } from "./lock.js";

/** One finished group: its payload and the PSNR of each frame, dB. */
export interface FinishedGroup {
  readonly payload: Uint8Array;
  readonly psnr: Float64Array;
}

/**
 * The work folder of an encode, `<asset>.work/`: every anchor and group that is finished is on disk at once,
 * whole or not at all. It is kept when the encode is interrupted and removed when it is done.
 */
export class Checkpoints {
  readonly folder: string;
  #release = async (): Promise<void> => {};

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Opens the folder beside `output`. `identity` says what is encoded and how; with `resume`, checkpoints of
   * the same encode are used and others give EncoderError `no-match`. Without, whatever was there goes. While
   * another encode has it open, EncoderError `in-use`.
   */
  static async open(output: string, identity: unknown, resume: boolean): Promise<Checkpoints> {
    const checkpoints = new Checkpoints(`${output}.work`);
    await checkpoints.#claim();
    try {
      await checkpoints.#begin(JSON.stringify(identity), resume);
      return checkpoints;
    } catch (error) {
      await checkpoints.release();
      throw error;
    }
  }

  async #claim(): Promise<void> {
    try {
      await makeFolder(this.folder);
      this.#release = await lockWorkFolder(this.folder).catch(async (cause: unknown) => {
        // Where even an empty file found no room, nothing else is in it.
        await rmdir(this.folder).catch(() => {});
        throw cause;
      });
    } catch (cause) {
      throw cause instanceof EncoderError ? cause : writeError(this.folder, cause);
    }
  }

  async #begin(wanted: string, resume: boolean): Promise<void> {
    const found = resume ? await this.#read("encode.json") : undefined;
    if (found !== undefined && Buffer.from(found).toString() !== wanted) {
      throw new EncoderError(
        "no-match",
        `--resume: the checkpoints in ${this.folder} belong to another video or to other options; repeat the first command, or leave --resume out to start afresh`,
      );
    }
    if (found !== undefined) return;
    for (const name of await readdir(this.folder)) {
      if (name !== LOCK_FILE_NAME) await rm(this.path(name), { recursive: true, force: true });
    }
    await this.#write("encode.json", Buffer.from(wanted)).catch(async (cause) => {
      await this.remove();
      throw cause;
    });
  }

  /** Path of a file of an encode's own, such as its encoded sound. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** How often decoders have been replaced by larger ones; 0 but for an encode with a target. */
  stage = 0;

  #anchorName(index: number): string {
    return `anchor-${index}${this.#stageName()}.weights`;
  }

  #stageName(): string {
    return this.stage === 0 ? "" : `.stage-${this.stage}`;
  }

  /** The decoders of an anchor, a map a run of tiles. */
  async readAnchor(index: number): Promise<TrainingWeights[] | undefined> {
    const bytes = await this.#read(this.#anchorName(index));
    return bytes === undefined ? undefined : deserialize(bytes);
  }

  async writeAnchor(index: number, weights: readonly TrainingWeights[]): Promise<void> {
    await this.#write(this.#anchorName(index), serialize(weights));
  }

  /** Which round over the video groups are of; 0 but for an encode with a target. */
  pass = 0;

  #groupName(index: number, pass: number): string {
    const name = `group-${index}${this.#stageName()}`;
    return pass === 0 ? `${name}.decoders` : `${name}.round-${pass}.decoders`;
  }

  async readGroup(index: number, pass = this.pass): Promise<FinishedGroup | undefined> {
    const bytes = await this.#read(this.#groupName(index, pass));
    return bytes === undefined ? undefined : deserialize(bytes);
  }

  async writeGroup(index: number, group: FinishedGroup): Promise<void> {
    await this.#write(this.#groupName(index, this.pass), serialize(group));
  }

  /** What `--precision auto` came to when this encode began. */
  async readPrecision(): Promise<PrecisionDecision | undefined> {
    const bytes = await this.#read("precision.json");
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString());
  }

  async writePrecision(decision: PrecisionDecision): Promise<void> {
    await this.#write("precision.json", Buffer.from(JSON.stringify(decision)));
  }

  /** Marks a file of an encode's own as complete. */
  async commitFile(name: string, temporary: string): Promise<void> {
    await rename(temporary, this.path(name));
  }

  /** Lets another encode have the folder, with what is in it. */
  async release(): Promise<void> {
    await this.#release();
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** After a failure: what took no training is no loss. */
  async removeUnlessTrained(): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    if (!names.some((name) => /\.(weights|decoders)$/.test(name))) await this.remove();
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    return readFile(this.path(name)).catch(() => undefined);
  }

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
