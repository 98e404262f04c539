import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { killOnExit } from "../../media/index.js";
import type { EncodeEvent, EncodeSummary } from "../events.js";
import type { EncodeOptions } from "../options.js";
import { readDescendants } from "./process-table.js";
import type { Verification } from "./verify-asset.js";

/** Options of an encode in a process of its own, which must be plain data. */
export type TrainingOptions = Omit<EncodeOptions, "signal" | "onEvent">;

/** The result of an encode in a process of its own. */
export interface TrainingResult extends EncodeSummary {
  /** Present if it was asked for. */
  readonly verification?: Verification;
}

/** A message to the child. */
export type ParentMessage =
  | {
      readonly type: "start";
      readonly options: EncodeOptions;
      readonly verify: boolean;
      /** The command that runs ffmpeg, so that it does not outlive the child. */
      readonly launcher: readonly string[];
    }
  | { readonly type: "stop" };

/** A message from the child. */
export type ChildMessage =
  | { readonly type: "event"; readonly event: EncodeEvent }
  | { readonly type: "finished"; readonly result: TrainingResult }
  | {
      readonly type: "failed";
      readonly error: { readonly name: string; readonly message: string; readonly code: string | undefined };
    };

/** The encode failed, or its process ended. */
export class TrainingError extends Error {
  override readonly name = "TrainingError";
  /** The code of the EncoderError or MediaError; `encoder-killed`; undefined if the process failed without one. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** Milliseconds that a stopped encode has for its last checkpoint. */
const STOP_TIMEOUT_MS = 5000;
/** Bytes of stderr that an error message may quote. */
const MAX_STDERR = 4096;

const CHILD = fileURLToPath(new URL("./training-child.js", import.meta.url));

/** Runs a command at the lowest priority. Set from outside, because a process can only set that of single threads. */
const NICE = ["nice", "-n", "19"];
/** Runs a command that the kernel kills when its parent ends (util-linux). */
const KILLED_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"];

const works = ([command, ...args]: readonly string[]) => spawnSync(command, [...args, "true"]).status === 0;

let available: { readonly nice: readonly string[]; readonly launcher: readonly string[] } | undefined;

/** Returns those of the commands that are installed. */
function installedCommands() {
  available ??= {
    nice: works(NICE) ? NICE : [],
    launcher: works(KILLED_WITH_PARENT) ? KILLED_WITH_PARENT : [],
  };
  return available;
}

/** Waits until its stdin is closed, which happens when the parent ends for any reason, and kills a group of processes. */
const GUARD = ["sh", "-c", 'read -r _; kill -s KILL -- "-$0"'];

/** Kills a child and the processes of its group when this process ends. */
function guardGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const [command, ...args] = [...GUARD, `${child.pid}`];
  const guard = spawn(command, args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
  // Without a shell, the next encode of the same video ends the child (see `bindToParent`).
  guard.on("error", () => {});
  guard.unref();
  (guard.stdin as Socket | null)?.unref();
  child.once("close", () => guard.kill("SIGKILL"));
}

/**
 * An encode in a child process at the lowest priority. A stopped child cannot notice that its parent has ended, so where
 * util-linux is installed (Linux), the kernel kills the child in that case. Elsewhere a third process does.
 */
export class TrainingProcess {
  /** Resolves when the asset is written. Rejects with TrainingError. */
  readonly result: Promise<TrainingResult>;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #paused = false;
  /** Settles when the last signal has reached all processes. */
  #signaled = Promise.resolve();

  /** @param verify whether to read the asset back and to compare it with the source */
  constructor(options: TrainingOptions, onEvent: (event: EncodeEvent) => void, verify = false) {
    const { nice, launcher } = installedCommands();
    const [command, ...args] = [...nice, ...launcher, process.execPath, CHILD];
    const needsGuard = launcher.length === 0;
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe", "ipc"], detached: needsGuard });
    killOnExit(child);
    if (needsGuard) guardGroup(child);
    this.#child = child;
    this.#exited = once(child, "close").catch(() => {});
    this.result = outcome(child, onEvent);
    this.result.catch(() => {});
    child.send({ type: "start", options, verify, launcher } satisfies ParentMessage, () => {});
  }

  /** Process id; undefined if the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Stops the process and its ffmpeg processes at once, without losing their state. */
  pause(): void {
    if (!this.#paused) this.#signalAll("SIGSTOP");
    this.#paused = true;
  }

  /** Continues a paused process. */
  resume(): void {
    if (this.#paused) this.#signalAll("SIGCONT");
    this.#paused = false;
  }

  /** Ends the encode and keeps its checkpoints. Resolves when the process has exited. */
  async stop(): Promise<void> {
    this.resume();
    if (this.#child.connected) this.#child.send({ type: "stop" } satisfies ParentMessage, () => {});
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #signalAll(signal: "SIGSTOP" | "SIGCONT"): void {
    const { pid } = this.#child;
    if (pid === undefined || !this.#child.kill(signal)) return;
    this.#signaled = this.#signaled.then(async () => {
      // A stopped child starts no more processes.
      for (const descendant of await readDescendants(pid)) trySignal(descendant, signal);
    });
  }
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** Settles when the child has reported its result, or has ended without one. */
function outcome(child: ChildProcess, onEvent: (event: EncodeEvent) => void): Promise<TrainingResult> {
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-MAX_STDERR);
  });
  return new Promise((resolve, reject) => {
    child.on("message", (message: ChildMessage) => {
      if (message.type === "event") onEvent(message.event);
      else if (message.type === "finished") resolve(message.result);
      else reject(new TrainingError(message.error.message, message.error.code));
    });
    child.once("error", (error) => reject(new TrainingError(`cannot start the encoder: ${error.message}`)));
    child.once("close", (code, signal) => {
      if (signal !== null) {
        const reason = `the encoder was killed by ${signal}, often by the system because memory ran out`;
        const message = `${reason}; free some memory and try again: its checkpoints are kept`;
        reject(new TrainingError(message, "encoder-killed"));
        return;
      }
      const detail = stderr.trim() === "" ? "" : `: ${stderr.trim().split("\n").at(-1)}`;
      reject(
        new TrainingError(`the encoder ended with exit code ${code}${detail}; its checkpoints are kept`),
      );
    });
  });
}
