import type { FoldedLayer } from "./layer.js";
import type { OnnxRuntime, OnnxSession, OnnxTensor } from "./runtime.js";

/** Loads a graph; `threads`: default the runtime's own choice. Its threads sleep while there is nothing to do. */
export function openSession(
  ort: OnnxRuntime,
  model: Uint8Array,
  threads: number | undefined,
): Promise<OnnxSession> {
  return ort.InferenceSession.create(model, {
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
}

/** The inputs `matrix` [out, in] and `column` [out, 1] of a graph's Gemm. */
export function layerFeeds(
  ort: OnnxRuntime,
  matrix: string,
  column: string,
  { weights, bias }: FoldedLayer,
): Record<string, OnnxTensor> {
  const outputs = bias.length;
  return {
    [matrix]: new ort.Tensor("float32", weights, [outputs, weights.length / outputs]),
    [column]: new ort.Tensor("float32", bias, [outputs, 1]),
  };
}
