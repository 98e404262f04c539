import { missed, nearestRound, nextMove, type Room, type Round, type Target } from "./targets.js";

/** Shares of phase 2's steps and of its rate that a round takes. */
export interface Effort {
  readonly steps: number;
  readonly rate: number;
}

/** Phase 2 itself, and rounds that have to learn the picture anew. */
const THOROUGH: Effort = { steps: 1, rate: 1 };
/** Rounds that change a little of what is there. */
const REFINING: Effort = { steps: 1 / 3, rate: 1 / 2 };

/** How one round over the film trains. */
export interface RoundPlan {
  /** 0 is phase 2 itself. */
  readonly round: number;
  /** The round whose decoders this one begins with; round 0 begins with the anchors'. */
  readonly startRound: number;
  /** Squared error of 8-bit samples that may be added to save a nat of the file. */
  readonly worth: number;
  readonly effort: Effort;
}

/** Phase 2 as the preset has it. */
export const firstRound = (worth: number): RoundPlan => ({
  round: 0,
  startRound: 0,
  worth,
  effort: THOROUGH,
});

/** What the rounds came to. */
export interface Approach {
  /** The round to keep. */
  readonly nearest: number;
  /** Bits a pixel that the target asks of larger decoders: all is to be trained anew with these. */
  readonly largerFor?: number;
  /** A target that is missed, as one sentence. */
  readonly message?: string | undefined;
}

/**
 * Rounds over the film with another worth, each from the decoders of the nearest one before, until the target is met.
 * `first` is what the preset's training came to, `train` trains a round. Without `room` decoders stay as they are.
 */
export async function approachTarget(
  target: Target,
  room: Room | undefined,
  first: Round,
  train: (plan: RoundPlan) => Promise<Round>,
): Promise<Approach> {
  const rounds = [first];
  for (let move = nextMove(target, rounds, room); move !== undefined; move = nextMove(target, rounds, room)) {
    const nearest = nearestRound(target, rounds);
    if ("largerFor" in move) return { nearest, largerFor: move.largerFor };
    const effort = move.thorough ? THOROUGH : REFINING;
    rounds.push(await train({ round: rounds.length, startRound: nearest, worth: move.worth, effort }));
  }
  const nearest = nearestRound(target, rounds);
  return { nearest, message: missed(target, rounds[nearest], room) };
}
