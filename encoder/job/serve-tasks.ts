import { joinWarmUp } from "../../decode-pool/warm-up.js";
import { EncoderError } from "../errors.js";
import type { TaskContext, TaskFailure, TaskHandlers, TaskSignals, WorkerMessage } from "./tasks.js";

/** Returns a function that runs the tasks of a `WorkerPool`. A worker file exports it as its default. */
export function serveTasks(handlers: TaskHandlers): (message: WorkerMessage) => Promise<unknown> {
  return async (message) => {
    if ("type" in message) return joinWarmUp(message);
    try {
      return await handlers[message.name](message.input, createContext(message.signals));
    } catch (cause) {
      if (!(cause instanceof EncoderError)) throw cause;
      const failure: TaskFailure = { errorCode: cause.code, message: cause.message };
      return failure;
    }
  };
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
