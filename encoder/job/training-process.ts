import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { killOnExit } from "../../media/index.js";
import type { EncodeEvent, EncodeSummary } from "../events.js";
import type { EncodeOptions } from "../options.js";
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
  | { readonly type: "start"; readonly options: EncodeOptions; readonly verify: boolean }
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
  /** The code of the EncoderError or MediaError; undefined if the process ended without one. */
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

let prefix: readonly string[] | undefined;

/** Returns the command that runs another one at the lowest priority, and kills it when this process ends. */
function commandPrefix(): readonly string[] {
  const works = (command: readonly string[]) =>
    spawnSync(command[0], [...command.slice(1), "true"]).status === 0;
  // Set from outside, because a process can set the priority of its existing threads only one by one.
  prefix ??= [
    ["nice", "-n", "19"],
    ["setpriv", "--pdeathsig", "KILL"],
  ]
    .filter(works)
    .flat();
  return prefix;
}

/**
 * An encode in a child process at the lowest priority. A stopped child cannot notice that its parent has ended, so where
 * util-linux is installed (Linux), the kernel kills the child in that case.
 */
export class TrainingProcess {
  /** Resolves when the asset is written. Rejects with TrainingError. */
  readonly result: Promise<TrainingResult>;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #paused = false;

  /** @param verify whether to read the asset back and to compare it with the source */
  constructor(options: TrainingOptions, onEvent: (event: EncodeEvent) => void, verify = false) {
    const [command, ...args] = [...commandPrefix(), process.execPath, CHILD];
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    killOnExit(child);
    this.#child = child;
    this.#exited = once(child, "close").catch(() => {});
    this.result = outcome(child, onEvent);
    this.result.catch(() => {});
    child.send({ type: "start", options, verify } satisfies ParentMessage, () => {});
  }

  /** Process id; undefined if the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Stops the process at once, without losing its state. */
  pause(): void {
    if (!this.#paused) this.#child.kill("SIGSTOP");
    this.#paused = true;
  }

  /** Continues a paused process. */
  resume(): void {
    if (this.#paused) this.#child.kill("SIGCONT");
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
      const cause = signal === null ? `exit code ${code}` : `signal ${signal}`;
      const detail = stderr.trim() === "" ? "" : `: ${stderr.trim().split("\n").at(-1)}`;
      reject(new TrainingError(`the encoder ended with ${cause}${detail}; its checkpoints are kept`));
    });
  });
}
