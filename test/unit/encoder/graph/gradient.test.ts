import assert from "node:assert/strict";
import { test } from "node:test";
import { gradients } from "../../../../encoder/graph/gradient.js";
import { exportFunction } from "../../../../encoder/graph/onnx-export.js";
import { Operations } from "../../../../encoder/graph/operations.js";
import { float32Tensor, loadGraph } from "../../../../encoder/training/onnx/onnx-runtime.js";
import { createRandom } from "../../../support/synthetic-asset.js";

/** Checks the gradient of a graph of x [2, 3, 4] with central differences. */
async function checkGradient(
  build: (g: Operations, x: ReturnType<Operations["input"]>) => ReturnType<Operations["input"]>,
) {
  const g = new Operations();
  const x = g.input("x", [2, 3, 4]);
  const y = build(g, x);
  const loss = g.reshape(
    g.sum(
      y,
      y.shape.map((_, axis) => axis),
    ),
    [1],
  );
  const [gradient] = gradients(g, loss, [x]);
  const graph = await loadGraph(exportFunction({ loss, gradient }), "cpu", 1);
  const next = createRandom(5);
  const at = Float32Array.from({ length: 24 }, () => 1.5 + next() / 2);
  const run = (values: Float32Array) => graph.run({ x: float32Tensor(values, [2, 3, 4]) });
  const { gradient: actual } = await run(at);
  const step = 2 ** -8;
  for (let i = 0; i < at.length; i++) {
    const shifted = (offset: number) => run(at.with(i, at[i] + offset));
    const [up, down] = [await shifted(step), await shifted(-step)];
    const expected = (up.loss[0] - down.loss[0]) / (2 * step);
    assert.ok(
      Math.abs(actual[i] - expected) < 0.01 * (1 + Math.abs(expected)),
      `x[${i}]: ${actual[i]}, expected ${expected}`,
    );
  }
  await graph.release();
}

test("gradients of slices, logarithms, square roots and sines of products match central differences", async () => {
  await checkGradient((g, x) => g.multiply(g.slice(x, 2, 1, 4), g.slice(x, 2, 0, 3)));
  await checkGradient((g, x) => g.log(g.add(g.sqrt(g.multiply(x, x)), g.constant(1))));
  await checkGradient((g, x) => g.sin(g.matmul(x, g.transpose(x))));
  await checkGradient((g, x) => g.multiply(g.cos(g.slice(x, 1, 1, 2)), g.slice(x, 1, 2, 3)));
});

test("the straight-through estimator returns the rounded value and passes the gradient to its input", async () => {
  const g = new Operations();
  const x = g.input("x", [3]);
  const rounded = g.straightThrough(g.round(x), x);
  const loss = g.sum(g.multiply(rounded, rounded), [0]);
  const [gradient] = gradients(g, loss, [x]);
  const graph = await loadGraph(exportFunction({ loss, gradient }), "cpu", 1);
  const results = await graph.run({ x: float32Tensor(Float32Array.of(0.4, 1.6, -2.2), [3]) });
  await graph.release();
  assert.deepEqual([...results.loss], [8]);
  assert.deepEqual([...results.gradient], [0, 4, -4]);
});
