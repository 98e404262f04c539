import type { MatmulPrecision } from "../../graph/operations.js";

/** Matrix-multiply precision during training. Weights, optimizer and loss are always float32. */
export type Precision = "float32" | "float16";

/**
 * Returns how an execution provider computes matrix products in a precision. The CPU provider has no float16 product: it
 * would convert the operands back to float32 without rounding, so "rounded" makes the rounding explicit.
 */
export function matmulPrecision(provider: "cpu" | "cuda", precision: Precision): MatmulPrecision {
  if (precision === "float32") return "float32";
  return provider === "cuda" ? "float16" : "rounded";
}
