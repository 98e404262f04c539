import {
  dequantizePaper,
  dequantizePaperEncoder,
  type PaperAsset,
  readPaperGroup,
} from "../../codec/internal.js";

/** Returns R'G'B' of one point of one frame, 0 to 1. x and y are in source pixels. */
export type Formula = (frame: number, x: number, y: number) => number[];

/** Evaluates a group's network in float64, following the definition in docs/format.md. */
export async function paperFormula(asset: PaperAsset, index: number): Promise<Formula> {
  const { network, width, height } = asset;
  const { patch } = network;
  const { frameCount } = asset.groups[index];
  const payload = await asset.readGroup(index);
  const group = dequantizePaper(network, readPaperGroup(network, { index, frameCount }, payload));
  const layers = [...dequantizePaperEncoder(asset.encoder), ...group.hidden];
  const outputs = 3 * patch ** 2;
  const evaluate = (frame: number, px: number, py: number): number[] => {
    const [x, y] = [(2 * px) / width - 1, (2 * py) / height - 1];
    let h = [x, y];
    for (let k = 0; k < 4; k++) {
      const angle = 2 ** k * Math.PI;
      h.push(Math.sin(angle * x), Math.sin(angle * y), Math.cos(angle * x), Math.cos(angle * y));
    }
    for (const { weights, bias } of layers) {
      const input = h;
      h = Array.from(bias, (b, o) =>
        Math.sin(network.omega * input.reduce((sum, v, i) => sum + v * weights[i * bias.length + o], b)),
      );
    }
    return Array.from({ length: outputs }, (_, c) => {
      const value = h.reduce(
        (sum, v, i) => sum + v * group.head[(frame * network.width + i) * outputs + c],
        group.headBias[frame * outputs + c],
      );
      return value * group.deviation[frame] + group.mean[frame];
    });
  };
  if (patch === 1) return evaluate;
  const cache = new Map<string, number[]>();
  const pixel = (frame: number, column: number, row: number): number[] => {
    const [x, y] = [Math.max(0, Math.min(width - 1, column)), Math.max(0, Math.min(height - 1, row))];
    const [left, top] = [x - (x % patch), y - (y % patch)];
    const key = `${frame} ${left} ${top}`;
    const colors = cache.get(key) ?? evaluate(frame, left + patch / 2, top + patch / 2);
    cache.set(key, colors);
    const at = 3 * ((y - top) * patch + x - left);
    return colors.slice(at, at + 3);
  };
  return (frame, x, y) => {
    const sum = [0, 0, 0];
    for (let row = Math.floor(y - 0.5) - 1; row <= Math.floor(y - 0.5) + 2; row++) {
      for (let column = Math.floor(x - 0.5) - 1; column <= Math.floor(x - 0.5) + 2; column++) {
        const weight = cubic(x - 0.5 - column) * cubic(y - 0.5 - row);
        if (weight !== 0)
          pixel(frame, column, row).forEach((value, c) => {
            sum[c] += weight * value;
          });
      }
    }
    return sum;
  };
}

/** Cubic convolution kernel (R. Keys 1981) with a = -1/2. */
function cubic(distance: number): number {
  const d = Math.abs(distance);
  if (d >= 2) return 0;
  return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
}
