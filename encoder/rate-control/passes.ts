import type { Capacity } from "../plan/capacity.js";
import {
  closestPass,
  decideNextPass,
  missedTargetMessage,
  type PassDecision,
  type PassResult,
  type Target,
} from "./targets.js";

/** How long and how fast a pass trains, as shares of phase 2. */
export interface PassSchedule {
  readonly stepShare: number;
  readonly learningRateShare: number;
}

/** For phase 2 itself, and for passes that relearn the video. */
const FULL_LENGTH: PassSchedule = { stepShare: 1, learningRateShare: 1 };
/** For passes that change the trained weights only a little. */
const REFINEMENT: PassSchedule = { stepShare: 1 / 3, learningRateShare: 1 / 2 };

/** How a pass over the video trains. */
export interface PassPlan {
  /** Number of the pass; 0 is phase 2 itself. */
  readonly pass: number;
  /** Pass whose weights this one starts from. Pass 0 starts from the anchors. */
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

/** What the passes came to. */
export interface PassOutcome {
  /** The pass to keep. */
  readonly bestPass: number;
  /** Bits per pixel for which training must restart with larger decoders. */
  readonly requiredBpp?: number;
  /** Set if the target is missed. */
  readonly message?: string;
}

/**
 * Runs passes over the video until the target is met. Each has another lambda and starts from the closest pass so far.
 * @param capacity undefined: decoders may not be replaced by larger ones
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
