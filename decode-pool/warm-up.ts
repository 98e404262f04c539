import { setTimeout as sleep } from "node:timers/promises";

/** Occupies a thread until all threads of the pool run this task, which proves that each has loaded its code. */
export interface WarmUpTask {
  readonly type: "warm-up";
  /** One Int32 that counts the threads that have started the task. */
  readonly started: SharedArrayBuffer;
  readonly workers: number;
}

/** Handles a warm-up task in a thread. */
export async function joinWarmUp({ started, workers }: WarmUpTask): Promise<void> {
  const count = new Int32Array(started);
  Atomics.add(count, 0, 1);
  while (Atomics.load(count, 0) < workers) await sleep(2);
}
