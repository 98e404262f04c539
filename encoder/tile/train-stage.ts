import { type Model, sharedEncoderSize, type TileNetwork } from "../../codec/internal.js";
import type { SampleSize, TrainingJob } from "../job/profile.js";
import { meanPsnr, TrainingLoop } from "../job/training-loop.js";
import { WorkerPool } from "../job/worker-pool.js";
import type { Capacity } from "../plan/capacity.js";
import { type PassPlan, runPasses } from "../rate-control/passes.js";
import type { PassResult, Target } from "../rate-control/targets.js";
import { chooseKernel } from "./choose-kernel.js";
import type { TileOptions } from "./options.js";
import { type Stage, TileTraining } from "./tile-training.js";
import type { TileTasks } from "./worker.js";

const WORKER = new URL("./worker.js", import.meta.url);

/** Rate control of a stage. */
export interface StageControl {
  readonly target: Target | undefined;
  /** Returns a target, given the result of a first pass without a target. Returns undefined to keep the result. */
  readonly raiseTarget: ((result: PassResult) => Target | undefined) | undefined;
  /** Capacity of the decoders; undefined: larger decoders may not replace them. */
  readonly capacity: Capacity | undefined;
  /** Called with a message if the target is missed. */
  readonly reportMissed: (message: string) => void;
}

/** Result of a stage. All groups are in the checkpoints. */
export interface StageResult {
  /** The sample of each group. */
  readonly samples: readonly SampleSize[];
  /** Mean over the frames, dB. */
  readonly psnr: number;
  readonly bpp: number;
  /** Bits per pixel that the target requires, if that requires larger decoders. */
  readonly requiredBpp: number | undefined;
}

/** Runs phase 1, phase 2, and more passes until the target is met. */
export async function trainStage(
  job: TrainingJob,
  stage: Stage,
  options: TileOptions,
  control: StageControl,
): Promise<StageResult> {
  const { checkpoints } = job;
  checkpoints.pass = 0;
  await using pool = new WorkerPool<TileTasks>(WORKER, options.workers, job.signal);
  const kernel = await chooseKernel(options, pool);
  const training = new TileTraining(job, stage, options, { pool, kernel });
  const loop = new TrainingLoop(job, training, pool);
  const measure = (): PassResult => {
    const results = loop.results();
    const model = tileModel(stage.tiles.network);
    const bits = 8 * job.videoBytes({ model, groups: stage.groups, samples: results });
    const { frameCount, size } = job.video;
    const bpp = bits / (frameCount * size.width * size.height);
    return { lambda: training.pass.lambda, psnr: meanPsnr(results), bpp };
  };
  const runPass = async (plan: PassPlan): Promise<PassResult> => {
    training.pass = plan;
    checkpoints.pass = plan.pass;
    await loop.runPass();
    return measure();
  };

  await loop.run();
  const first = measure();
  const target = control.target ?? control.raiseTarget?.(first);
  const outcome = target && (await runPasses(target, control.capacity, first, runPass));
  if (outcome !== undefined && outcome.requiredBpp === undefined) {
    if (outcome.bestPass !== checkpoints.pass) {
      checkpoints.pass = outcome.bestPass;
      await loop.reload();
    }
    if (outcome.message !== undefined) control.reportMissed(outcome.message);
  }
  const { psnr, bpp } = measure();
  return { samples: loop.results(), psnr, bpp, requiredBpp: outcome?.requiredBpp };
}

/** Returns the model of an asset. Its shared encoder is empty, because this profile does not train one. */
export function tileModel(network: TileNetwork): Model {
  const { weights, bias } = sharedEncoderSize(network);
  const encoder = { weights: new Float32Array(weights), bias: new Float32Array(bias) };
  return { profile: "tile", network, encoder };
}
