import { CHANNELS } from "../network/definition.js";
import type { FoldedLayer } from "../onnx/layer.js";
import { outputTransform, type PixelFormat } from "../picture/colour.js";
import type { PaperDecoders } from "./weights.js";

/** A group of the paper profile ready to be decoded at any size; plain memory, kept as long as the caller likes. */
export interface PaperGroup {
  readonly index: number;
  readonly frameCount: number;
  readonly hidden: readonly FoldedLayer[];
  readonly decoders: PaperDecoders;
}

/**
 * Heads of frames `first` to `first + count - 1` that give the output format directly, 0 to 255: normalisation and
 * colour matrix are linear, as the head is. -> weights [count x 3, width], bias [count x 3].
 */
export function foldFrameHeads(
  group: PaperGroup,
  format: PixelFormat,
  first: number,
  count: number,
): FoldedLayer {
  const { head, headBias, mean, deviation } = group.decoders;
  const width = head.length / headBias.length;
  const { rows, offset } = outputTransform(format);
  const weights = new Float32Array(count * CHANNELS * width);
  const bias = new Float32Array(count * CHANNELS);
  for (let f = 0; f < count; f++) {
    const frame = first + f;
    for (let c = 0; c < CHANNELS; c++) {
      const [r, g, b] = rows[c];
      const out = f * CHANNELS + c;
      const scale = deviation[frame];
      for (let i = 0; i < width; i++) {
        const at = (frame * width + i) * CHANNELS;
        weights[out * width + i] = scale * (r * head[at] + g * head[at + 1] + b * head[at + 2]);
      }
      const at = frame * CHANNELS;
      bias[out] =
        offset[c] +
        scale * (r * headBias[at] + g * headBias[at + 1] + b * headBias[at + 2]) +
        mean[frame] * (r + g + b);
    }
  }
  return { weights, bias };
}
