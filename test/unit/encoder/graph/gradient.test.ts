import assert from "node:assert/strict";
import { test } from "node:test";
import { gradients } from "../../../../encoder/graph/gradient.js";
import { exportFunction } from "../../../../encoder/graph/onnx-export.js";
import { Operations } from "../../../../encoder/graph/operations.js";
import { floats, loadGraph } from "../../../../encoder/training/onnx/onnx-runtime.js";
import { noise } from "../../../support/synthetic-asset.js";

/** Derivative of a graph of x [2, 3, 4] by the differentiator, and by central differences. */
async function compare(
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
  const [slope] = gradients(g, loss, [x]);
  const graph = await loadGraph(exportFunction({ loss, slope }), "cpu", 1);
  const next = noise(5);
  const at = Float32Array.from({ length: 24 }, () => 1.5 + next() / 2);
  const run = (values: Float32Array) => graph.run({ x: floats(values, [2, 3, 4]) });
  const { slope: ours } = await run(at);
  const step = 2 ** -8;
  for (let i = 0; i < at.length; i++) {
    const moved = (by: number) => run(at.with(i, at[i] + by));
    const [up, down] = [await moved(step), await moved(-step)];
    const expected = (up.loss[0] - down.loss[0]) / (2 * step);
    assert.ok(
      Math.abs(ours[i] - expected) < 0.01 * (1 + Math.abs(expected)),
      `x[${i}]: ${ours[i]}, not ${expected}`,
    );
  }
  await graph.release();
}

test("derivatives agree with central differences: slices of every place, logarithm, root, sine of products", async () => {
  await compare((g, x) => g.multiply(g.slice(x, 2, 1, 4), g.slice(x, 2, 0, 3)));
  await compare((g, x) => g.log(g.add(g.sqrt(g.multiply(x, x)), g.constant(1))));
  await compare((g, x) => g.sin(g.matmul(x, g.transpose(x))));
  await compare((g, x) => g.multiply(g.cos(g.slice(x, 1, 1, 2)), g.slice(x, 1, 2, 3)));
});

test("the straight-through estimator has the rounded value and the slope of what was rounded", async () => {
  const g = new Operations();
  const x = g.input("x", [3]);
  const rounded = g.straightThrough(g.pass(x), x);
  const loss = g.sum(g.multiply(rounded, rounded), [0]);
  const [slope] = gradients(g, loss, [x]);
  const graph = await loadGraph(exportFunction({ loss, slope }), "cpu", 1);
  const results = await graph.run({ x: floats(Float32Array.of(0.4, 1.6, -2.2), [3]) });
  await graph.release();
  assert.deepEqual([...results.loss], [8]);
  assert.deepEqual([...results.slope], [0, 4, -4]);
});
