import { writePaperGroup } from "../../codec/index.js";
import { diverged } from "../errors.js";
import type { FinishedGroup } from "../pipeline/checkpoints.js";
import type { JobSignals } from "../pipeline/jobs.js";
import { measureFrames } from "../pipeline/measure.js";
import { Random } from "../training/random.js";
import type { TrainingWeights } from "../training/tile-weights.js";
import type { PaperAnchorsJob, PaperGroupJob } from "./jobs.js";
import { trainPaper } from "./trainer.js";
import { initialPaperWeights, quantiseGroup, withEncoder } from "./weights.js";

/** Runs a phase 1 job on this thread. */
export async function trainAnchors(job: PaperAnchorsJob, signals: JobSignals): Promise<TrainingWeights> {
  const { network, target, plan, encoder } = job;
  const stacks = target.frameCount;
  const random = new Random(plan.seed, ...plan.keys, 0);
  const first = initialPaperWeights(network, stacks, stacks, random);
  const weights = encoder === undefined ? first : withEncoder(first, encoder);
  return train(job, signals, stacks, encoder === undefined, weights);
}

/** Runs a phase 2 job on this thread. */
export async function trainGroup(job: PaperGroupJob, signals: JobSignals): Promise<FinishedGroup> {
  const { network, target, asset } = job;
  const weights = withEncoder(job.start, asset.encoder);
  const trained = await train(job, signals, 1, false, weights);
  const payload = writePaperGroup(quantiseGroup(network, trained, target));
  return {
    payload,
    psnr: await measureFrames(asset, job.index, payload, target.clean ?? target.frames, job.threads),
  };
}

async function train(
  job: PaperAnchorsJob | PaperGroupJob,
  signals: JobSignals,
  stacks: number,
  learnEncoder: boolean,
  weights: TrainingWeights,
): Promise<TrainingWeights> {
  const { network, target, plan, trainer, device, threads } = job;
  const stop = new AbortController();
  const check = () => {
    if (Atomics.load(signals.stop, 0) !== 0) stop.abort();
  };
  check();
  const trained = await trainPaper({ network, target, stacks, learnEncoder, weights }, plan, {
    trainer,
    device,
    threads,
    signal: stop.signal,
    onProgress(done) {
      Atomics.store(signals.steps, 0, done);
      check();
    },
  });
  for (const values of trained.values()) if (!values.every(Number.isFinite)) throw diverged();
  return trained;
}
