import { join, relative, resolve } from "node:path";
import type { EncodeEvent } from "../../encoder/events.js";
import { makeFolder } from "../../media/write/make-folder.js";
import { describeWatchError } from "../catalog/watch.js";
import { checkReadable } from "../library/check-readable.js";
import { concurrently } from "../library/concurrently.js";
import { FolderLibrary } from "../library/folder-library.js";
import { invalidIdReason } from "../library/invalid-id.js";
import type { LibraryEntry, LocatedVideo, Problem } from "../library/library.js";
import { SourceIndexes } from "../library/source-index.js";
import { stateFolder } from "../library/state-folder.js";
import { BackgroundEncoder, type FinishedEncode } from "./background-encoder.js";
import { deleteSource } from "./delete-source.js";
import { type EncodeCandidate, encodeCandidate } from "./encode-candidate.js";
import { EncodeDecisions } from "./encode-decisions.js";
import { type EncodingOptions, resolveEncoding } from "./encode-settings.js";

export interface FolderEncoderOptions extends Omit<EncodingOptions, "encode"> {
  /** Folder of videos, with subfolders. */
  readonly folder: string;
  /** Folder for the assets, with the same subfolders. Default: beside the videos. */
  readonly output?: string;
  /** Folder for indexes, checkpoints and pauses. Default: `.siedd` in `folder`, or the system's cache folder if that is read-only. */
  readonly stateDir?: string;
  /** Whether to watch the folder by events, by polling, or not at all. */
  readonly watch: boolean | "poll";
  readonly events: FolderEncoderEvents;
}

/** Receives what happens. Files are named by their paths relative to the folder. */
export interface FolderEncoderEvents {
  onStarted(file: string): void;
  onEvent(file: string, event: EncodeEvent): void;
  onFinished(file: string, result: FinishedEncode): void;
  onFailed(file: string, message: string): void;
  /** Called when no video is left to encode. */
  onIdle(): void;
  /** Called for everything else that the user should know, such as a source that was deleted. */
  onMessage(text: string): void;
}

/** The videos of a folder by what is left to do. Files are named by their paths relative to the folder. */
export interface FolderState {
  readonly encoded: readonly string[];
  readonly waiting: readonly string[];
}

/** Characters of a file or folder name in an id. A server may have other limits; this is that of `serve()`. */
const MAX_ID_LENGTH = 512;
/** Videos that are looked up at the same time. */
const LIST_CONCURRENCY = 8;

/** Encodes the videos of a folder one after another, and those that are added to it, without a server. */
export class FolderEncoder {
  readonly #options: FolderEncoderOptions;
  readonly #library: FolderLibrary;
  readonly #encoder: BackgroundEncoder;
  /** The names of the files of ids. */
  readonly #files = new Map<string, string>();
  /** Problems that were reported, so that each is reported once. */
  #reported = new Set<string>();

  /**
   * Opens a folder. The caller starts the encoder.
   *
   * @throws ServeError `bad-option`; MediaError if the folder of the assets cannot be created
   */
  static async open(options: FolderEncoderOptions): Promise<FolderEncoder> {
    const folder = resolve(options.folder);
    const output = options.output === undefined ? undefined : resolve(options.output);
    const encoding = resolveEncoding({ ...options, encode: "eager" });
    if (output !== undefined) await makeFolder(output);
    const state = await stateFolder(folder, options.stateDir && resolve(options.stateDir));
    const encoder = new FolderEncoder({ ...options, folder, output }, encoding, state);
    await encoder.#watch();
    return encoder;
  }

  private constructor(options: FolderEncoderOptions, encoding: Required<EncodingOptions>, state: string) {
    const { folder, output, watch, events } = options;
    const { encode: mode, encodeOptions: settings, afterEncode } = encoding;
    this.#options = options;
    this.#library = new FolderLibrary(folder, {
      polling: watch === "poll",
      indexes: new SourceIndexes(join(state, "index")),
      assets: output,
    });
    const nameOf = ({ id }: EncodeCandidate) => this.#files.get(id) ?? id;
    this.#encoder = new BackgroundEncoder({
      mode,
      settings,
      verify: afterEncode === "delete",
      state,
      decisions: new EncodeDecisions(join(state, "encodes.json"), () => {}),
      candidates: async () => (await this.#list()).candidates,
      onStarted: (candidate) => events.onStarted(nameOf(candidate)),
      onEvent: (candidate, event) => events.onEvent(nameOf(candidate), event),
      onFailed: (candidate, { message }) =>
        events.onFailed(nameOf(candidate), message.replaceAll(join(folder, "/"), "")),
      onIdle: () => events.onIdle(),
      onFinished: async (candidate, result) => {
        events.onFinished(nameOf(candidate), result);
        if (afterEncode !== "delete") return;
        const isCurrent = async () => {
          const { backend, source } = (await this.#library.find(candidate.id)) ?? {};
          return backend === "asset" && source === candidate.input;
        };
        const log = (_: object, message: string) => events.onMessage(`${nameOf(candidate)}: ${message}`);
        const { minPsnr } = settings;
        await deleteSource({ candidate, result, isCurrent, minPsnr, log: { info: log, warn: log } });
      },
    });
  }

  /** Starts to encode. */
  start(): void {
    this.#encoder.start();
  }

  /** Lists the videos by what is left to do. Rejects if the folder cannot be read. */
  async state(): Promise<FolderState> {
    const { encoded, candidates } = await this.#list();
    return { encoded, waiting: candidates.map(({ id }) => this.#files.get(id) ?? id) };
  }

  /** Stops the current encode, whose checkpoints are kept, and watching. Resolves when no process is left. */
  async close(): Promise<void> {
    await Promise.all([this.#encoder.close(), this.#library.close()]);
  }

  async #watch(): Promise<void> {
    const { watch, events } = this.#options;
    if (watch === false) return;
    await this.#library.watch(
      () => this.#encoder.notify(),
      (error) => events.onMessage(`${describeWatchError(error)}; the folder is listed once a minute instead`),
    );
  }

  async #list(): Promise<{ candidates: EncodeCandidate[]; encoded: string[] }> {
    const problems: Problem[] = [];
    const candidates: EncodeCandidate[] = [];
    const encoded: string[] = [];
    const located = await this.#library
      .locate((problem) => problems.push(problem))
      .catch((error: Error) => {
        problems.push({ file: this.#options.folder, message: error.message });
        return [];
      });
    await concurrently(located, LIST_CONCURRENCY, async ({ id, find }: LocatedVideo) => {
      const entry = await find().catch(() => undefined);
      if (entry?.source === undefined) return;
      const file = relative(this.#options.folder, entry.source);
      const reason = await reasonToSkip(entry);
      if (reason !== undefined) {
        problems.push({ file, message: reason });
        return;
      }
      this.#files.set(id, file);
      if (entry.backend === "asset") encoded.push(file);
      else candidates.push(...[encodeCandidate(entry) ?? []].flat());
    });
    this.#report(problems);
    return { candidates, encoded: encoded.sort() };
  }

  #report(problems: readonly Problem[]): void {
    const lines = problems.map(({ file, message }) => `${file}: ${message}`).sort();
    for (const line of lines) if (!this.#reported.has(line)) this.#options.events.onMessage(line);
    this.#reported = new Set(lines);
  }
}

/** Returns why a source is not encoded; undefined if it is. */
async function reasonToSkip(entry: LibraryEntry): Promise<string | undefined> {
  const reason = invalidIdReason(entry.id, MAX_ID_LENGTH);
  if (reason !== undefined) return reason;
  return checkReadable(entry).then(
    () => undefined,
    ({ message }: Error) => message,
  );
}
