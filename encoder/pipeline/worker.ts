import { EncoderError } from "../errors.js";
import { trainAnchors, trainGroup } from "../paper/work.js";
import { createTrainer } from "../training/choose-trainer.js";
import { solveHeads } from "../training/least-squares.js";
import { Random } from "../training/random.js";
import { fitToFrames, initialWeights, type TrainingWeights } from "../training/tile-weights.js";
import type { FinishedGroup } from "./checkpoints.js";
import type { ArriveJob, Job, JobFailure, JobSignals, TrainJob } from "./jobs.js";
import { measureFrames } from "./measure.js";
import { roundHidden } from "./quantiser.js";

/** Each job has one thread, so that its arithmetic does not depend on how many run side by side. */
const THREADS = 1;

export default async function work(
  job: Job,
): Promise<TrainingWeights | FinishedGroup | Float64Array | JobFailure | undefined> {
  try {
    if (job.kind === "arrive") return arrive(job);
    if (job.kind === "train") return await train(job, job.signals);
    if (job.kind === "paper-anchors") return await trainAnchors(job, job.signals);
    if (job.kind === "paper-group") return await trainGroup(job, job.signals);
    return await measureFrames(job.asset, job.index, job.payload, job.frames, THREADS);
  } catch (cause) {
    if (cause instanceof EncoderError) return { failed: cause.code, message: cause.message };
    throw cause;
  }
}

function arrive({ arrived, workers }: ArriveJob): undefined {
  const present = Atomics.add(arrived, 0, 1) + 1;
  Atomics.notify(arrived, 0);
  for (let count = present; count < workers; count = Atomics.load(arrived, 0))
    Atomics.wait(arrived, 0, count);
}

async function train(job: TrainJob, signals: JobSignals): Promise<TrainingWeights> {
  const { network, target, width, plan, device } = job;
  const { count } = target.tiles;
  const random = new Random(plan.seed, ...plan.keys, 0);
  const start =
    job.start === undefined
      ? initialWeights(network, count, width, target.frameCount, random)
      : fitToFrames(job.start, count, target.frameCount);
  const problem = { network, target, width, learnEncoder: network.encoderWidth > 0, weights: start };
  const stop = new AbortController();
  const check = () => {
    if (Atomics.load(signals.stop, 0) !== 0) stop.abort();
  };
  check();
  const trainer = createTrainer(job.trainer, { device, threads: THREADS });
  const trained = await trainer.train(problem, plan, {
    signal: stop.signal,
    onProgress(done) {
      Atomics.store(signals.steps, 0, done);
      check();
    },
  });
  if (job.steps === undefined) return trained;
  const rounded = roundHidden(network, trained, job.steps);
  // The heads are onnxruntime's, whose GPU library need not be there where TensorFlow.js trains on one.
  const headDevice = job.trainer === "tfjs" && device === "cuda" ? "auto" : device;
  const engine = job.trainer === "kernel" ? "kernel" : "onnx";
  const heads = await solveHeads(
    { ...problem, weights: rounded },
    { engine, device: headDevice, threads: THREADS, seed: plan.seed, keys: plan.keys, signal: stop.signal },
  );
  return rounded.set("head", heads.head).set("head_bias", heads.bias);
}
