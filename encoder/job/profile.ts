import type { AssetMetadata, Model, PartSize } from "../../codec/internal.js";
import type { ProbeResult } from "../../media/index.js";
import type { EncodeEvent } from "../events.js";
import type { CommonOptions } from "../options.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { TileTrainerName } from "../training/create-trainer.js";
import type { Checkpoints } from "./checkpoints.js";
import type { ProgressMeter } from "./progress.js";

/** Options of any profile, resolved. */
export interface ProfileOptions extends CommonOptions {
  readonly profile: string;
  readonly trainer: TileTrainerName;
  /** Frames per group; undefined: about one second. */
  readonly groupFrames: number | undefined;
}

/** One way to store a video as networks, with its options resolved. */
export interface Profile {
  readonly options: ProfileOptions;
  /** Loads the files that the options name. Runs before the video is analyzed, so that a wrong path fails early. */
  loadInputs(signal?: AbortSignal): Promise<void>;
  /** Plans the training. Runs before anything is written to the output. */
  plan(video: AnalyzedVideo, signal?: AbortSignal): Promise<ProfilePlan>;
}

/** A video after analysis. */
export interface AnalyzedVideo {
  readonly info: ProbeResult;
  /** Size of the asset in source pixels. */
  readonly size: { readonly width: number; readonly height: number };
  readonly frameCount: number;
  /** First frames of all scenes except the first. */
  readonly cuts: readonly number[];
  /** Groups of `groupFrames` frames, or of the default length. */
  readonly groups: readonly PlannedGroup[];
  readonly metadata: AssetMetadata;
}

/** The training that a profile has planned for a video. */
export interface ProfilePlan {
  /** Indices of the anchor groups; of the anchor frames in the paper profile. */
  readonly anchors: readonly number[];
  /** Properties besides the options and groups that must be equal for checkpoints to be reused. */
  readonly identity: object;
  /** Trains the video. All groups are in the checkpoints afterwards. */
  train(job: TrainingJob): Promise<TrainedVideo>;
}

/** An encode in progress. */
export interface EncodeJob {
  readonly video: AnalyzedVideo;
  readonly options: ProfileOptions;
  readonly checkpoints: Checkpoints;
  readonly meter: ProgressMeter;
  readonly emit: (event: EncodeEvent) => void;
  readonly signal: AbortSignal | undefined;
}

/** An encode whose audio and subtitles are finished. */
export interface TrainingJob extends EncodeJob {
  /** Returns the bytes of an asset with these groups, without its audio. Bits per pixel are computed from this number. */
  readonly videoBytes: (trained: TrainedGroups) => number;
}

/** Bytes of the sample of a group, and the parts of it that cover several groups. */
export interface SampleSize {
  readonly bytes: number;
  readonly longParts: readonly PartSize[];
}

/** Properties of the trained groups that the layout of the asset depends on. */
export interface TrainedGroups {
  readonly model: Model;
  /** The groups that were trained; `minPsnr` may have made them shorter than planned. */
  readonly groups: readonly PlannedGroup[];
  /** The sample of each group. */
  readonly samples: readonly SampleSize[];
}

/** The result of training. The groups themselves are in the checkpoints. */
export interface TrainedVideo extends TrainedGroups {
  /** Mean over the frames, dB. */
  readonly psnr: number;
}
