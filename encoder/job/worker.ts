import { EncoderError } from "../errors.js";
import { solveHeads } from "../tile/least-squares.js";
import { fitToFrames, initialWeights, type TrainingWeights } from "../tile/weights.js";
import { createTrainer } from "../training/choose-trainer.js";
import { type PrecisionDecision, TRIAL_STEPS, tryPrecisions } from "../training/onnx/precision-trial.js";
import { roundHidden } from "../training/quantization/quantizer.js";
import { Random } from "../training/sampling/random.js";
import type { TrainingProblem } from "../training/trainer.js";
import type { FinishedGroup } from "./checkpoints.js";
import { measureFrames } from "./measure.js";
import { stopSignal } from "./stop-signal.js";
import type { ArriveTask, Task, TaskFailure, TaskSignals, TrainTask } from "./tasks.js";

/** Each job has one thread, so that its arithmetic does not depend on how many run side by side. */
const THREADS = 1;

/** With onnxruntime, which no other job of a video in tiles needs. */
const paper = () => import("../paper/run-task.js");

export default async function work(
  job: Task,
): Promise<TrainingWeights | FinishedGroup | PrecisionDecision | Float64Array | TaskFailure | undefined> {
  try {
    if (job.kind === "arrive") return arrive(job);
    if (job.kind === "train") return await train(job, job.signals);
    if (job.kind === "trial") {
      const trial = job.job;
      return await (trial.kind === "train"
        ? tryTiles(trial, job.signals)
        : (await paper()).tryAnchors(trial, job.signals));
    }
    if (job.kind === "paper-anchors") return await (await paper()).trainAnchors(job, job.signals);
    if (job.kind === "paper-group") return await (await paper()).trainGroup(job, job.signals);
    return await measureFrames(job.asset, job.index, job.payload, job.frames, THREADS);
  } catch (cause) {
    if (cause instanceof EncoderError) return { failed: cause.code, message: cause.message };
    throw cause;
  }
}

function arrive({ arrived, workers }: ArriveTask): undefined {
  const present = Atomics.add(arrived, 0, 1) + 1;
  Atomics.notify(arrived, 0);
  for (let count = present; count < workers; count = Atomics.load(arrived, 0))
    Atomics.wait(arrived, 0, count);
}

/** A job's weights, of its own or random, and what they are to learn. */
function problemOf(job: TrainTask): TrainingProblem {
  const { network, target, width, plan } = job;
  const { count } = target.tiles;
  const random = new Random(plan.seed, ...plan.keys, 0);
  const start =
    job.start === undefined
      ? initialWeights(network, count, width, target.frameCount, random)
      : fitToFrames(job.start, count, target.frameCount);
  return { network, target, width, learnEncoder: network.encoderWidth > 0, weights: start };
}

async function train(job: TrainTask, signals: TaskSignals): Promise<TrainingWeights> {
  const { network, plan, device, precision } = job;
  const problem = problemOf(job);
  const { signal, check } = stopSignal(signals);
  const trainer = await createTrainer(job.trainer, { device, threads: THREADS, precision });
  const trained = await trainer.train(problem, plan, {
    signal,
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
    { engine, device: headDevice, threads: THREADS, seed: plan.seed, keys: plan.keys, signal },
  );
  return rounded.set("head", heads.head).set("head_bias", heads.bias);
}

function tryTiles(job: TrainTask, signals: TaskSignals): Promise<PrecisionDecision> {
  const problem = problemOf(job);
  const plan = { ...job.plan, steps: TRIAL_STEPS };
  const { signal, check } = stopSignal(signals);
  return tryPrecisions(async (precision, onProgress) => {
    const trainer = await createTrainer(job.trainer, { device: job.device, threads: THREADS, precision });
    return trainer.train(problem, plan, {
      signal,
      onProgress(done, losses) {
        onProgress(done, losses);
        check();
      },
    });
  }, signal);
}
