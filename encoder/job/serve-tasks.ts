import { EncoderError } from "../errors.js";
import type {
  BarrierMessage,
  TaskContext,
  TaskFailure,
  TaskHandlers,
  TaskSignals,
  WorkerMessage,
} from "./tasks.js";

/** Returns a function that runs the tasks of a `WorkerPool`. A worker file exports it as its default. */
export function serveTasks(handlers: TaskHandlers): (message: WorkerMessage) => Promise<unknown> {
  return async (message) => {
    if (message.kind === "barrier") return waitForAll(message);
    try {
      return await handlers[message.name](message.input, createContext(message.signals));
    } catch (cause) {
      if (!(cause instanceof EncoderError)) throw cause;
      const failure: TaskFailure = { errorCode: cause.code, message: cause.message };
      return failure;
    }
  };
}

function waitForAll({ arrived, workers }: BarrierMessage): void {
  const arrivedCount = Atomics.add(arrived, 0, 1) + 1;
  Atomics.notify(arrived, 0);
  for (let count = arrivedCount; count < workers; count = Atomics.load(arrived, 0))
    Atomics.wait(arrived, 0, count);
}

function createContext({ steps, stop }: TaskSignals): TaskContext {
  const controller = new AbortController();
  const check = () => {
    if (Atomics.load(stop, 0) !== 0) controller.abort();
  };
  check();
  return {
    signal: controller.signal,
    reportSteps(done) {
      Atomics.store(steps, 0, done);
      check();
    },
  };
}
