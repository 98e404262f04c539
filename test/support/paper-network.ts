import type { PaperNetwork } from "../../codec/internal.js";

/** A small network of the paper profile that trains quickly. */
export const PAPER_NETWORK: PaperNetwork = {
  profile: "paper",
  frequencies: 4,
  omega: 30,
  width: 12,
  encoderLayers: 2,
  hiddenLayers: 2,
  patch: 1,
  factors: undefined,
};
