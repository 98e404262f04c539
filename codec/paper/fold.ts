import { outputTransform, type PixelFormat } from "../decode/color.js";
import { CHANNELS } from "../network/definition.js";
import type { FoldedLayer } from "../onnx/layer.js";
import type { PaperDecoders } from "./weights.js";

/** A group of the paper profile ready to be decoded at any size; plain memory, kept as long as the caller likes. */
export interface PaperGroup {
  readonly index: number;
  readonly frameCount: number;
  readonly hidden: readonly FoldedLayer[];
  readonly decoders: PaperDecoders;
}

/**
 * Heads of frames `first` to `first + count - 1` that give the output format directly, 0 to 255: normalization and
 * color matrix are linear, as the head is. -> weights [count x outputs, width], bias [count x outputs]; outputs as
 * `headOutputs`.
 */
export function foldFrameHeads(
  group: PaperGroup,
  format: PixelFormat,
  first: number,
  count: number,
): FoldedLayer {
  const { head, headBias, mean, deviation } = group.decoders;
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
