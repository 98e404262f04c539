import { CHANNELS } from "../../network/definition.js";
import type { FoldedLayer } from "../../onnx/session.js";
import type { PaperGroupWeights } from "../../paper/weights.js";
import { outputTransform, type PixelFormat } from "../color.js";

/** A group of the paper profile prepared for the graph. Decodes at any size. The caller can cache it. */
export interface PaperGroup {
  readonly index: number;
  readonly frameCount: number;
  readonly hidden: readonly FoldedLayer[];
  readonly weights: PaperGroupWeights;
}

/**
 * Returns the heads of frames `first` to `first + count - 1`, which output the given format directly, 0 to 255:
 * weights [count x outputs, width] and bias [count x outputs], with outputs as `headOutputs`. This is possible
 * because normalization, color matrix and head are all linear.
 */
export function foldFrameHeads(
  group: PaperGroup,
  format: PixelFormat,
  first: number,
  count: number,
): FoldedLayer {
  const { head, headBias, mean, deviation } = group.weights;
  const width = head.length / headBias.length;
  const outputs = headBias.length / group.frameCount;
  const { rows, offset } = outputTransform(format);
  const weights = new Float32Array(count * outputs * width);
  const bias = new Float32Array(count * outputs);
  for (let out = 0; out < bias.length; out++) {
    const frame = first + Math.floor(out / outputs);
    const c = out % CHANNELS;
    const pixel = (out % outputs) - c;
    const [r, g, b] = rows[c];
    const scale = deviation[frame];
    for (let i = 0; i < width; i++) {
      const at = (frame * width + i) * outputs + pixel;
      weights[out * width + i] = scale * (r * head[at] + g * head[at + 1] + b * head[at + 2]);
    }
    const at = frame * outputs + pixel;
    bias[out] =
      offset[c] +
      scale * (r * headBias[at] + g * headBias[at + 1] + b * headBias[at + 2]) +
      mean[frame] * (r + g + b);
  }
  return { weights, bias };
}
