import { readFrames } from "../../media/index.js";
import { EncoderError } from "../errors.js";
import type { WorkerPool } from "../job/worker-pool.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { EncodeJob } from "./encode-job.js";
import { FrameBuffers, type LoadedFrames, loadGroupFrames } from "./group-frames.js";
import type { TileRange } from "./group-target.js";

/** Reads groups of a video for work that goes on in a pool. */
export class GroupWalk {
  readonly #job: EncodeJob;
  readonly #ranges: readonly TileRange[];
  readonly #pool: WorkerPool;
  readonly #signal: AbortSignal | undefined;
  readonly #memory: FrameBuffers;

  constructor(job: EncodeJob, ranges: readonly TileRange[], pool: WorkerPool, signal?: AbortSignal) {
    this.#job = job;
    this.#ranges = ranges;
    this.#pool = pool;
    this.#signal = signal;
    const longest = job.groups.reduce((max, { frameCount }) => Math.max(max, frameCount), 0);
    this.#memory = new FrameBuffers(longest, job.size);
  }

  /**
   * Reads groups in order and works on as many at a time as keep all workers busy; no more are in memory.
   * The first failure, or the signal, ends everything.
   */
  async each(
    groups: readonly PlannedGroup[],
    work: (group: PlannedGroup, loaded: LoadedFrames) => Promise<void>,
  ): Promise<void> {
    const { network, size, options } = this.#job;
    const together = Math.max(1, Math.ceil(options.workers / this.#ranges.length)) + 1;
    const running = new Set<Promise<void>>();
    let fail: (cause: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {});
    const interrupt = () => fail(new EncoderError("interrupted", "interrupted"));
    this.#signal?.addEventListener("abort", interrupt);
    try {
      this.#signal?.throwIfAborted();
      const source = this.#frames(groups);
      try {
        for (const group of groups) {
          const memory = this.#memory.take();
          const loaded = await Promise.race([
            loadGroupFrames(source, group, network, this.#ranges, size, memory),
            failed,
          ]);
          const task = work(group, loaded).then(() => this.#memory.release(memory));
          running.add(task);
          task.catch(fail).finally(() => running.delete(task));
          while (running.size >= together) await Promise.race([...running, failed]);
        }
        while (running.size > 0) await Promise.race([...running, failed]);
      } finally {
        await source.return(undefined);
      }
    } finally {
      this.#signal?.removeEventListener("abort", interrupt);
      // Nothing is told, and nothing written, after the encode has ended.
      if (running.size > 0) this.#pool.stop();
      await Promise.allSettled(running);
    }
  }

  /** The frames of the groups one after the other; neighboring groups are read in one go. */
  async *#frames(groups: readonly PlannedGroup[]): AsyncGenerator<Uint8Array, void> {
    const { info, options, size } = this.#job;
    for (let i = 0; i < groups.length; ) {
      const { firstFrame } = groups[i];
      let end = firstFrame;
      while (i < groups.length && groups[i].firstFrame === end) end += groups[i++].frameCount;
      const range = { firstFrame, frameCount: end - firstFrame, from: options.from, to: options.to };
      yield* readFrames(options.input, info, { ...size, ...range, signal: this.#signal });
    }
  }
}
