import type { Capacity } from "../plan/capacity.js";
import {
  closestPass,
  decideNextPass,
  missedTargetMessage,
  type PassDecision,
  type PassResult,
  type Target,
} from "./targets.js";

/** Steps and learning rate of a pass, as shares of those of phase 2. */
export interface PassSchedule {
  readonly stepShare: number;
  readonly learningRateShare: number;
}

/** Schedule of phase 2, and of passes that relearn the video. */
export const FULL_LENGTH: PassSchedule = { stepShare: 1, learningRateShare: 1 };
/** Schedule of passes that change the trained weights only slightly. */
const REFINEMENT: PassSchedule = { stepShare: 1 / 3, learningRateShare: 1 / 2 };

/** How a pass over the video trains. */
export interface PassPlan {
  /** Number of the pass; 0 is phase 2. */
  readonly pass: number;
  /** Pass whose weights are the initial weights of this pass. Pass 0 starts from the anchors. */
  readonly startPass: number;
  /** Rate-distortion lambda: squared error of 8-bit samples that saving one nat of the file may cost. */
  readonly lambda: number;
  readonly schedule: PassSchedule;
}

/** Returns the plan of phase 2. */
export const firstPass = (lambda: number): PassPlan => ({
  pass: 0,
  startPass: 0,
  lambda,
  schedule: FULL_LENGTH,
});

/** Result of all passes. */
export interface PassOutcome {
  /** The pass to keep. */
  readonly bestPass: number;
  /** Bits per pixel that require a restart with larger decoders; undefined: no restart. */
  readonly requiredBpp?: number;
  /** Set if the target is missed. */
  readonly message?: string;
}

/**
 * Runs passes over the video until the target is met. Each has another lambda and starts from the closest pass so far.
 * @param capacity capacity of the decoders; undefined: larger decoders may not replace them
 * @param first result of phase 2
 * @param runPass trains a pass
 */
export async function runPasses(
  target: Target,
  capacity: Capacity | undefined,
  first: PassResult,
  runPass: (plan: PassPlan) => Promise<PassResult>,
): Promise<PassOutcome> {
  const passes = [first];
  const decide = (): PassDecision | undefined => decideNextPass(target, passes, capacity);
  for (let decision = decide(); decision !== undefined; decision = decide()) {
    const bestPass = closestPass(target, passes);
    if ("requiredBpp" in decision) return { bestPass, requiredBpp: decision.requiredBpp };
    const { lambda, fullLength } = decision;
    const schedule = fullLength ? FULL_LENGTH : REFINEMENT;
    passes.push(await runPass({ pass: passes.length, startPass: bestPass, lambda, schedule }));
  }
  const bestPass = closestPass(target, passes);
  return { bestPass, message: missedTargetMessage(target, passes[bestPass], capacity) };
}
