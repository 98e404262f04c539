import type { CoalescingCache } from "../cache/coalescing-cache.js";
import { RequestError } from "../errors.js";
import type { WorkEvent } from "../monitoring/work-event.js";
import type { WorkQueue } from "../scheduling/queue.js";

export interface RendererDependencies {
  readonly cache: CoalescingCache;
  readonly queue: WorkQueue;
  readonly onWork: (event: WorkEvent) => void;
  /** Maximum cost of a job, in decoded samples. */
  readonly maxCost: number;
}

/** Bytes to render: a pure function of the key. */
export interface RenderJob {
  /** Cache key. Distinguishes these bytes from all others that the server renders. */
  readonly key: string;
  /** What to report when the job is done. */
  readonly event: Omit<WorkEvent, "seconds" | "bytes">;
  /** Cost in the queue and in the client's quota, in decoded samples. */
  readonly cost: number;
  /** Renders the bytes. Must stop when the signal aborts. */
  readonly render: (signal: AbortSignal) => Promise<Uint8Array>;
}

/** Runs render jobs: serves them from the cache, or else renders them when the queue has a free slot. */
export class Renderer {
  readonly #dependencies: RendererDependencies;

  constructor(dependencies: RendererDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Returns the bytes of a job. Requests for the same key share one job, which is aborted when all of their signals
   * are. Rejects with the error of `render`, RequestError `too-much-work` (or see `WorkQueue.run`) or the signal's reason.
   */
  async run(job: RenderJob, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue, maxCost } = this.#dependencies;
    if (job.cost > maxCost) throw tooCostly(job.cost, maxCost);
    const compute = (sharedSignal: AbortSignal) =>
      queue.run((jobSignal) => this.#render(job, jobSignal), sharedSignal, job.cost);
    return cache.get(job.key, compute, signal);
  }

  async #render({ event, render }: RenderJob, signal: AbortSignal): Promise<Uint8Array> {
    const started = performance.now();
    const bytes = await render(signal);
    const seconds = (performance.now() - started) / 1000;
    this.#dependencies.onWork({ ...event, seconds, bytes: bytes.byteLength });
    return bytes;
  }
}

const tooCostly = (cost: number, maxCost: number): RequestError =>
  new RequestError(
    "too-much-work",
    `this takes as much work as ${cost} samples of a usual video, because of its network or its size, but the maximum is ${maxCost}; request a smaller size or region`,
  );
