import type { WarmUpTask } from "../../decode-pool/warm-up.js";
import type { EncoderErrorCode } from "../errors.js";

/** Shared memory between the thread that runs a task and the thread that waits for it. */
export interface TaskSignals {
  /** Int32 [1]: training steps done. */
  readonly steps: Int32Array;
  /** Int32 [1]: nonzero means stop. */
  readonly stop: Int32Array;
}

/** Context that a task handler receives besides its input. */
export interface TaskContext {
  /** Aborts when the pool stops. */
  readonly signal: AbortSignal;
  /** Reports the number of training steps done and updates `signal`. Handlers call it after every few steps. */
  reportSteps(done: number): void;
}

/** The tasks that a worker file runs, by name. */
// biome-ignore lint/suspicious/noExplicitAny: each handler has a different input type
export type TaskHandlers = Readonly<Record<string, (input: any, context: TaskContext) => Promise<unknown>>>;

/** Requests a worker to run a task. */
export interface TaskMessage {
  readonly kind: "task";
  readonly name: string;
  readonly input: unknown;
  readonly signals: TaskSignals;
}

/** A message to a worker. */
export type WorkerMessage = TaskMessage | WarmUpTask;

/** An EncoderError in transit between threads, because structured cloning drops its class and code. */
export interface TaskFailure {
  readonly errorCode: EncoderErrorCode;
  readonly message: string;
}
