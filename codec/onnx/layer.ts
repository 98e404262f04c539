/** A layer as a graph takes it: [out, in] and [out]. */
export interface FoldedLayer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** A sine layer of weights [in, out], transposed and scaled, so that a graph computes sin(w h + b). */
export function foldLayer(omega: number, weights: Float32Array, bias: Float32Array): FoldedLayer {
  const outputs = bias.length;
  const inputs = weights.length / outputs;
  const folded = new Float32Array(weights.length);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) folded[o * inputs + i] = omega * weights[i * outputs + o];
  }
  return { weights: folded, bias: bias.map((value) => omega * value) };
}
