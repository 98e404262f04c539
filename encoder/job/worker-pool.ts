import { Piscina } from "piscina";
import { EncoderError } from "../errors.js";
import type { TaskFailure, TaskResult, WorkTask } from "./tasks.js";

/** Buffers that are moved to a job's worker, not copied. */
function pixelsOf(job: WorkTask): ArrayBuffer[] {
  if (job.kind === "measure" || job.kind === "train") return [];
  if (job.kind === "trial") return pixelsOf(job.job);
  const { frames, clean } = job.target;
  return clean === undefined ? [frames.buffer] : [frames.buffer, clean.buffer];
}

/** Runs jobs on worker threads; all of them stop together. */
export class WorkerPool {
  readonly #pool: Piscina;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #running = new Set<Promise<unknown>>();
  /** Settles when every thread has loaded its code. */
  readonly loaded: Promise<unknown>;

  constructor(workers: number) {
    this.#pool = new Piscina({
      filename: new URL("./worker.js", import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      atomics: "async",
    });
    const arrived = new Int32Array(new SharedArrayBuffer(4));
    const threads = Array.from({ length: workers }, () =>
      this.#pool.run({ kind: "arrive", arrived, workers }),
    );
    this.loaded = Promise.allSettled(threads);
  }

  /**
   * The target of a job of the paper profile is moved to its worker, frames of the tile profile are shared with it.
   * `steps` counts the training steps done, for progress.
   */
  run<J extends WorkTask>(job: J): { readonly result: Promise<TaskResult<J>>; readonly steps: Int32Array } {
    const steps = new Int32Array(new SharedArrayBuffer(4));
    const transferList = pixelsOf(job);
    const message = { ...job, signals: { steps, stop: this.#stop } };
    const result = this.#pool.run(message, { transferList }).then((answer: TaskResult<J> | TaskFailure) => {
      if ("failed" in answer) throw new EncoderError(answer.failed, answer.message);
      return answer;
    });
    this.#running.add(result);
    result.catch(() => {}).finally(() => this.#running.delete(result));
    return { result, steps };
  }

  /** Asks all work to end: what trains fails within some steps, what is measured comes to its end. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  /**
   * Ends all work within some training steps, then the threads. Those that still load are waited for: Node 20
   * aborts the whole process when a thread is ended in the middle of an import.
   */
  async close(): Promise<void> {
    this.stop();
    await Promise.allSettled([this.loaded, ...this.#running]);
    await this.#pool.destroy();
  }
}
