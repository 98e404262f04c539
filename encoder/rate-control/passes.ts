import {
  type Capacity,
  closestPass,
  decideNextPass,
  missedTargetMessage,
  type PassResult,
  type Target,
} from "./targets.js";

/** Shares of phase 2's steps and of its rate that a round takes. */
export interface PassSchedule {
  readonly stepShare: number;
  readonly learningRateShare: number;
}

/** Phase 2 itself, and rounds that have to learn the picture anew. */
const THOROUGH: PassSchedule = { stepShare: 1, learningRateShare: 1 };
/** Rounds that change a little of what is there. */
const REFINING: PassSchedule = { stepShare: 1 / 3, learningRateShare: 1 / 2 };

/** How one round over the video trains. */
export interface PassPlan {
  /** 0 is phase 2 itself. */
  readonly pass: number;
  /** The round whose decoders this one begins with; round 0 begins with the anchors'. */
  readonly startPass: number;
  /** Squared error of 8-bit samples that may be added to save a nat of the file. */
  readonly lambda: number;
  readonly schedule: PassSchedule;
}

/** Phase 2 as the preset has it. */
export const firstPass = (lambda: number): PassPlan => ({
  pass: 0,
  startPass: 0,
  lambda,
  schedule: THOROUGH,
});

/** What the rounds came to. */
export interface PassOutcome {
  /** The round to keep. */
  readonly bestPass: number;
  /** Bits a pixel that the target asks of larger decoders: all is to be trained anew with these. */
  readonly requiredBpp?: number;
  /** A target that is missed, as one sentence. */
  readonly message?: string;
}

/**
 * Rounds over the video with another worth, each from the decoders of the nearest one before, until the target is met.
 * `first` is what the preset's training came to, `train` trains a round. Without `room` decoders stay as they are.
 */
export async function runPasses(
  target: Target,
  capacity: Capacity | undefined,
  first: PassResult,
  train: (plan: PassPlan) => Promise<PassResult>,
): Promise<PassOutcome> {
  const rounds = [first];
  for (
    let move = decideNextPass(target, rounds, capacity);
    move !== undefined;
    move = decideNextPass(target, rounds, capacity)
  ) {
    const nearest = closestPass(target, rounds);
    if ("requiredBpp" in move) return { bestPass: nearest, requiredBpp: move.requiredBpp };
    const effort = move.fullLength ? THOROUGH : REFINING;
    rounds.push(
      await train({ pass: rounds.length, startPass: nearest, lambda: move.lambda, schedule: effort }),
    );
  }
  const nearest = closestPass(target, rounds);
  return { bestPass: nearest, message: missedTargetMessage(target, rounds[nearest], capacity) };
}
