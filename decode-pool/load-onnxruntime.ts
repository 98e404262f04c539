import { createRequire } from "node:module";
import { SieddError } from "../codec/errors.js";

/** The module onnxruntime-node. */
export type OnnxRuntimeModule = typeof import("onnxruntime-node");

const PACKAGE = "onnxruntime-node";

/** Resolves the package, which is an optional peer dependency, from this file. */
const { resolve } = createRequire(import.meta.url);

/** Returns whether onnxruntime-node is installed. Loads nothing. */
export function hasOnnxRuntime(): boolean {
  try {
    resolve(`${PACKAGE}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** Returns what to do without onnxruntime-node. `feature` is what needs it, such as `the paper profile`. */
export const onnxRuntimeMissing = (feature: string): string =>
  `${feature} needs the package ${PACKAGE}, which is not installed; run npm install ${PACKAGE}`;

/**
 * Loads onnxruntime-node.
 * @param feature what needs it, such as `the paper profile`
 * @throws SieddError `no-onnxruntime` if it is not installed, or if its native library does not load
 */
export async function loadOnnxRuntime(feature: string): Promise<OnnxRuntimeModule> {
  if (!hasOnnxRuntime()) throw new SieddError("no-onnxruntime", onnxRuntimeMissing(feature));
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    const [reason] = String(cause).split("\n");
    throw new SieddError(
      "no-onnxruntime",
      `${PACKAGE} is installed, but its native library does not load on this machine: ${reason}`,
      { cause },
    );
  }
}
