import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dequantizeBlocks,
  dequantizeIntegers,
  writePaperGroup,
  ZERO_POINT_SCALE,
} from "../../../../codec/internal.js";
import { quantize16, quantizeBlocks } from "../../../../encoder/paper/half-quadratic.js";
import { initialPaperWeights, quantizeGroup } from "../../../../encoder/paper/weights.js";
import { Random } from "../../../../encoder/training/sampling/random.js";
import { PAPER_NETWORK } from "../../../support/paper-network.js";

test("half-quadratic quantization to 6 bits in blocks of 32 has about the same error as ideal rounding", () => {
  const random = new Random(4);
  const [inputs, outputs] = [80, 33];
  const values = Float32Array.from(
    { length: inputs * outputs },
    () => random.uniformSymmetric(0.02) ** 3 * 2500,
  );
  const matrix = quantizeBlocks(values, outputs, { bits: 6, block: 32 });
  const dequantized = dequantizeBlocks(matrix);
  let squares = 0;
  let idealSquares = 0;
  for (let o = 0; o < outputs; o++) {
    for (let first = 0; first < inputs; first += 32) {
      const block = Array.from({ length: Math.min(32, inputs - first) }, (_, i) => (first + i) * outputs + o);
      const weights = block.map((at) => values[at]);
      const scale = (Math.max(...weights) - Math.min(...weights)) / 63;
      for (const at of block) {
        squares += (dequantized[at] - values[at]) ** 2;
        idealSquares += scale ** 2 / 12;
        assert.ok(
          Math.abs(dequantized[at] - values[at]) <= 0.8 * scale + matrix.unit,
          `${values[at]} became ${dequantized[at]}`,
        );
      }
    }
  }
  assert.ok(squares < 1.3 * idealSquares, "about the same error as ideal rounding");
  assert.ok(matrix.levels.every((level) => level >= 0 && level <= 63));
  assert.ok(matrix.scales.every((scale) => scale >= 1 && scale <= 255));
  assert.ok(matrix.zeros.every((zero) => zero >= -ZERO_POINT_SCALE * 64 && zero <= ZERO_POINT_SCALE * 128));
});

test("6-bit weights with scales and zero points take less than 6.8 bits per weight after entropy coding", () => {
  const network = { ...PAPER_NETWORK, width: 128, hiddenLayers: 3 };
  const weights = initialPaperWeights({ network, stacks: 1, frames: 1 }, new Random(2));
  const statistics = { frameCount: 1, mean: Float32Array.of(0.5), deviation: Float32Array.of(0.2) };
  const stored = writePaperGroup(quantizeGroup(network, weights, statistics));
  const bits = (8 * stored.length - 16 * 3 * 128) / (3 * 128 * 128);
  assert.ok(bits < 6.8 && bits > 5, `${bits} bits`);
});

test("quantizes constant weights, weights of one sign, and zeros", () => {
  for (const values of [
    new Float32Array(64),
    new Float32Array(64).fill(0.25),
    Float32Array.from({ length: 64 }, (_, i) => 5 + i / 1e4),
  ]) {
    const dequantized = dequantizeBlocks(quantizeBlocks(values, 2, { bits: 6, block: 32 }));
    values.forEach((value, i) => {
      assert.ok(
        Math.abs(value - dequantized[i]) <= 1e-3 * Math.max(1, value),
        `${value} became ${dequantized[i]}`,
      );
    });
  }
  const numbers = Float32Array.of(0.5, -0.25, 0.1);
  dequantizeIntegers(quantize16(numbers)).forEach((value, i) => {
    assert.ok(Math.abs(value - numbers[i]) < 1e-5);
  });
});
