import { writePaperGroup } from "../../codec/internal.js";
import { diverged } from "../errors.js";
import type { FinishedGroup } from "../job/checkpoints.js";
import { measureFrames } from "../job/measure.js";
import { stopSignal } from "../job/stop-signal.js";
import type { TaskSignals } from "../job/tasks.js";
import type { TrainingWeights } from "../tile/weights.js";
import { type PrecisionDecision, TRIAL_STEPS, tryPrecisions } from "../training/onnx/precision-trial.js";
import { Random } from "../training/sampling/random.js";
import type { PaperAnchorsTask, PaperGroupTask } from "./tasks.js";
import { type PaperTrainingProblem, trainPaper } from "./trainer.js";
import { initialPaperWeights, quantizeGroup, withEncoder } from "./weights.js";

/** What phase 1 learns, from random weights. */
function anchorsProblem({ network, target, plan, encoder }: PaperAnchorsTask): PaperTrainingProblem {
  const stacks = target.frameCount;
  const random = new Random(plan.seed, ...plan.keys, 0);
  const first = initialPaperWeights(network, stacks, stacks, random);
  const weights = encoder === undefined ? first : withEncoder(first, encoder);
  return { network, target, stacks, learnEncoder: encoder === undefined, weights };
}

/** Runs a phase 1 job on this thread. */
export async function trainAnchors(job: PaperAnchorsTask, signals: TaskSignals): Promise<TrainingWeights> {
  return train(job, signals, anchorsProblem(job));
}

/** Tries a phase 1 job in both precisions. */
export async function tryAnchors(job: PaperAnchorsTask, signals: TaskSignals): Promise<PrecisionDecision> {
  const { plan, trainer, device, threads } = job;
  const problem = anchorsProblem(job);
  const { signal, check } = stopSignal(signals);
  return tryPrecisions((precision, onProgress) => {
    const options = { trainer, device, threads, precision, signal };
    return trainPaper(
      problem,
      { ...plan, steps: TRIAL_STEPS },
      {
        ...options,
        onProgress(done, losses) {
          onProgress(done, losses);
          check();
        },
      },
    );
  }, signal);
}

/** Runs a phase 2 job on this thread. */
export async function trainGroup(job: PaperGroupTask, signals: TaskSignals): Promise<FinishedGroup> {
  const { network, target, asset } = job;
  const weights = withEncoder(job.start, asset.encoder);
  const trained = await train(job, signals, { network, target, stacks: 1, learnEncoder: false, weights });
  const payload = writePaperGroup(quantizeGroup(network, trained, target));
  return {
    payload,
    psnr: await measureFrames(asset, job.index, payload, target.clean ?? target.frames, job.threads),
  };
}

async function train(
  job: PaperAnchorsTask | PaperGroupTask,
  signals: TaskSignals,
  problem: PaperTrainingProblem,
): Promise<TrainingWeights> {
  const { plan, trainer, device, threads, precision } = job;
  const { signal, check } = stopSignal(signals);
  const trained = await trainPaper(problem, plan, {
    trainer,
    device,
    threads,
    precision,
    signal,
    onProgress(done) {
      Atomics.store(signals.steps, 0, done);
      check();
    },
  });
  for (const values of trained.values()) if (!values.every(Number.isFinite)) throw diverged();
  return trained;
}
