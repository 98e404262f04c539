import { serialize } from "node:v8";
import { crc32c, type PaperEncoder, type PaperNetwork } from "../../codec/internal.js";
import type { AnalyzedVideo, EncodeJob, Profile, ProfilePlan, TrainedVideo } from "../job/profile.js";
import { meanPsnr, TrainingLoop } from "../job/training-loop.js";
import { WorkerPool } from "../job/worker-pool.js";
import type { EncodeOptions } from "../options.js";
import { chooseAnchorFrames } from "../plan/plan-anchors.js";
import { type PaperOptions, resolvePaperOptions } from "./options.js";
import { type PaperSetup, PaperTraining } from "./paper-training.js";
import { paperNetwork, uniformAnchorFrames } from "./plan.js";
import { readSharedEncoder } from "./shared-encoder.js";
import type { PaperTasks } from "./worker.js";

const WORKER = new URL("./worker.js", import.meta.url);

/**
 * Creates the paper profile: the network of the SIEDD paper (arXiv 2506.23382), with a shared encoder and one stack per
 * group.
 * @throws EncoderError `bad-option`
 */
export function createPaperProfile(options: EncodeOptions): Profile {
  return new PaperProfile(resolvePaperOptions(options));
}

class PaperProfile implements Profile {
  readonly options: PaperOptions;
  readonly #network: PaperNetwork;
  #sharedEncoder: PaperEncoder | undefined;

  constructor(options: PaperOptions) {
    this.options = options;
    this.#network = paperNetwork(options.training);
  }

  async loadInputs(signal?: AbortSignal): Promise<void> {
    const { sharedEncoder } = this.options.training;
    if (sharedEncoder !== undefined)
      this.#sharedEncoder = await readSharedEncoder(sharedEncoder, this.#network, signal);
  }

  async plan(video: AnalyzedVideo, signal?: AbortSignal): Promise<ProfilePlan> {
    const { options } = this;
    const network = this.#network;
    const sharedEncoder = this.#sharedEncoder;
    const { input, from, to, anchorChoice: choice } = options;
    const source = { info: video.info, input, from, to, choice };
    const uniform = uniformAnchorFrames(video.frameCount, options.anchors);
    const anchors = await chooseAnchorFrames(source, video.groups, uniform, signal);
    return {
      anchors,
      identity: { network, anchors, sharedEncoder: sharedEncoder && crc32c(serialize(sharedEncoder)) },
      train: (job) => trainPaperVideo(job, { options, network, anchors, sharedEncoder }),
    };
  }
}

async function trainPaperVideo(job: EncodeJob, setup: PaperSetup): Promise<TrainedVideo> {
  await using pool = new WorkerPool<PaperTasks>(WORKER, setup.options.workers, job.signal);
  const training = new PaperTraining(job, setup, pool);
  const loop = new TrainingLoop(job, training, pool);
  await loop.run();
  const results = loop.results();
  return {
    model: { profile: "paper", network: setup.network, encoder: training.encoder },
    groups: training.groups,
    samples: results,
    psnr: meanPsnr(results),
  };
}
