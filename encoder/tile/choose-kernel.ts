import type { WorkerPool } from "../job/worker-pool.js";
import type { KernelVariant } from "../training/kernel/kernel.js";
import { canRevectorize } from "../training/kernel/revectorization.js";
import { fasterVariant } from "./kernel-trial.js";
import type { TileOptions } from "./options.js";
import type { TileTasks } from "./worker.js";

/** The choice of this process. */
let chosen: KernelVariant | undefined;

/**
 * Returns the variant of the training kernel: for `auto` the faster one, which a thread of `pool` determines once per
 * process.
 */
export async function chooseKernel(
  { kernel, trainer }: TileOptions,
  pool: WorkerPool<TileTasks>,
): Promise<KernelVariant> {
  if (kernel !== "auto") return kernel;
  if (trainer !== "kernel" || !canRevectorize()) return "plain";
  chosen ??= fasterVariant(await pool.run("compareKernels", undefined).result);
  return chosen;
}
