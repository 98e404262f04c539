import type { OnnxRuntime, OnnxSession, OnnxTensor } from "./runtime.js";

/** A layer in the form that a graph takes: weights [out, in] and bias [out], with omega multiplied in. */
export interface FoldedLayer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Transposes and scales a sine layer, weights [in, out], so that a graph computes sin(w h + b). */
export function foldLayer(omega: number, weights: Float32Array, bias: Float32Array): FoldedLayer {
  const outputs = bias.length;
  const inputs = weights.length / outputs;
  const folded = new Float32Array(weights.length);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) folded[o * inputs + i] = omega * weights[i * outputs + o];
  }
  return { weights: folded, bias: bias.map((value) => omega * value) };
}

/**
 * Loads a graph. Idle threads of the session sleep instead of spinning.
 * @param threads threads of the session; default: the runtime's choice
 */
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

/** Returns a layer as the inputs `weightsName` [out, in] and `biasName` [out, 1] of a graph's Gemm. */
export function layerFeeds(
  ort: OnnxRuntime,
  weightsName: string,
  biasName: string,
  { weights, bias }: FoldedLayer,
): Record<string, OnnxTensor> {
  const outputs = bias.length;
  return {
    [weightsName]: new ort.Tensor("float32", weights, [outputs, weights.length / outputs]),
    [biasName]: new ort.Tensor("float32", bias, [outputs, 1]),
  };
}
