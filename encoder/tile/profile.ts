import type { AnalyzedVideo, Profile, ProfilePlan, TrainedVideo, TrainingJob } from "../job/profile.js";
import type { EncodeOptions } from "../options.js";
import { planTiles } from "../plan/capacity.js";
import { planAnchorGroups } from "../plan/plan-anchors.js";
import { settingsForSize } from "../plan/tile-grid.js";
import { resolveTileOptions, type TileOptions } from "./options.js";
import { trainStages } from "./train-stages.js";

/**
 * Creates the tile profile: each group of frames is a grid of small networks.
 * @throws EncoderError `bad-option`
 */
export function createTileProfile(options: EncodeOptions): Profile {
  return new TileProfile(resolveTileOptions(options));
}

class TileProfile implements Profile {
  readonly options: TileOptions;

  constructor(options: TileOptions) {
    this.options = options;
  }

  async loadInputs(): Promise<void> {}

  async plan(video: AnalyzedVideo, signal?: AbortSignal): Promise<ProfilePlan> {
    const { options } = this;
    const { size, frameCount, groups } = video;
    const { target, fixedWidth } = options;
    const preset = settingsForSize(size.width, size.height, options.training);
    const targetBpp = target?.kind === "bpp" ? target.value : undefined;
    const tiles = planTiles({ ...size, frameCount, groups }, preset, { targetBpp, fixedWidth });
    const { input, from, to, anchorChoice: choice } = options;
    const source = { info: video.info, input, from, to, choice };
    const anchorPlan = await planAnchorGroups(source, groups, options.anchors, signal);
    const { anchors, warmStartAnchor } = anchorPlan;
    const first = { tiles, groups, anchorPlan };
    return {
      anchors,
      identity: { network: tiles.network, anchors, warmStartAnchor },
      train: (job: TrainingJob): Promise<TrainedVideo> => trainStages(job, first, { options, preset }),
    };
  }
}
