import type { Products } from "../../graph/operations.js";

/** In what networks multiply matrices while they are trained; weights, optimizer and loss are float32 in both. */
export type Precision = "float32" | "float16";

/**
 * How a provider computes the products of a precision. The CPU provider multiplies no half numbers: left to itself it
 * would widen them and skip their rounding, so that nothing of half precision was left.
 */
export function productsOn(provider: "cpu" | "cuda", precision: Precision): Products {
  if (precision === "float32") return "float32";
  return provider === "cuda" ? "float16" : "rounded";
}
