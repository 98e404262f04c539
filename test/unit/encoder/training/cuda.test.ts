import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  exportFunction,
  exportLoop,
  type LoopStep,
  topologicalOrder,
} from "../../../../encoder/graph/onnx-export.js";
import { DATA_TYPE, decodeModel, type OnnxGraph } from "../../../../encoder/graph/onnx-schema.js";
import { type MatmulPrecision, Operations } from "../../../../encoder/graph/operations.js";
import { EncoderError } from "../../../../encoder/index.js";
import type { PaperLoss, PaperOptimizer } from "../../../../encoder/options.js";
import { OPTIMIZERS } from "../../../../encoder/paper/optimizers.js";
import { paperTrainingStep } from "../../../../encoder/paper/training-graph.js";
import { hasCudaProvider } from "../../../../encoder/training/onnx/cuda-provider.js";
import { float32Tensor, loadGraph } from "../../../../encoder/training/onnx/onnx-runtime.js";
import { tileTrainingStep } from "../../../../encoder/training/onnx/tile-training-graph.js";
import { tileShape } from "../../../../encoder/training/onnx/training-steps.js";
import { realTraining } from "../../../support/real-training.js";

const { float32, float16, uint8, int64, bool } = DATA_TYPE;
const floats = [float32, float16];
const anyType = [float32, float16, uint8, int64, bool];

/**
 * Operators for which the CUDA execution provider of onnxruntime has kernels at opset 17, with the types of the first input
 * that the graphs use. Source: docs/OperatorKernels.md of microsoft/onnxruntime.
 */
const CUDA_KERNELS: Record<string, readonly number[]> = {
  ...Object.fromEntries(
    ["Add", "Sub", "Mul", "Div", "Sin", "Cos", "Sqrt", "Log", "Abs", "Sign"].map((op) => [op, floats]),
  ),
  ...Object.fromEntries(["MatMul", "Round", "ReduceSum", "Equal", "Min"].map((op) => [op, floats])),
  Where: [bool],
  ...Object.fromEntries(
    ["Cast", "Concat", "Expand", "Gather", "Identity", "Reshape", "Slice", "Transpose"].map((op) => [
      op,
      anyType,
    ]),
  ),
};
/** Operators whose inputs all have the same type. */
const SAME_TYPE = ["Add", "Sub", "Mul", "Div", "MatMul", "Equal", "Min", "Concat"];
/** Operators whose second and further inputs are shapes and axes, which the kernels read on the host. */
const READ_ON_HOST = ["Reshape", "Expand", "Slice", "ReduceSum"];

/** Returns training steps of both profiles that together use every feature of a step. */
async function trainingSteps(matmulPrecision: MatmulPrecision): Promise<Record<string, LoopStep>> {
  const { problem, plan } = await realTraining({ encoderWidth: 8, quantized: true, steps: 1, points: 16 });
  const tile = tileTrainingStep(tileShape(problem, plan.points), {
    learnEncoder: true,
    motionLearningRateScale: 1,
    quantization: plan.quantization,
    matmulPrecision,
  });
  const sizes = { frequencies: 4, omega: 30, width: 8, encoderLayers: 2, hiddenLayers: 3, patch: 3 };
  const factors = { rank: 4, frequency: 200, amplitude: 0.1 };
  const network = { profile: "paper" as const, ...sizes, factors };
  const shape = { network, stacks: 3, frames: 3, points: 16, pixels: 144 };
  const paper = (optimizer: PaperOptimizer, loss: PaperLoss) =>
    paperTrainingStep(shape, {
      learnEncoder: true,
      optimizer: OPTIMIZERS[optimizer],
      loss,
      matmulPrecision,
    }).step;
  return {
    tile,
    "paper, schedule-free": paper("schedule-free", "mse"),
    "paper, one-cycle, L1": paper("adam-onecycle", "l1"),
  };
}

/** Exports a step and returns the body of its loop and the graph around it. */
function exportGraphs(step: LoopStep): { outer: OnnxGraph; body: OnnxGraph } {
  const outer = decodeModel(exportLoop(step));
  const loop = outer.node.find(({ opType }) => opType === "Loop");
  const body = loop?.attribute.find(({ name }) => name === "body")?.g;
  assert.ok(body);
  return { outer, body };
}

const half = await trainingSteps("float16");
const steps = {
  ...(await trainingSteps("float32")),
  ...Object.fromEntries(Object.entries(half).map(([name, step]) => [`${name}, half precision`, step])),
};

for (const [name, step] of Object.entries(steps)) {
  test(`${name}: every operator of the training loop has a CUDA kernel for its types`, () => {
    const { outer, body } = exportGraphs(step);
    const types = new Map<string, number>();
    for (const { name, dataType } of outer.initializer) types.set(name ?? "", dataType);
    for (const { name, type } of [...outer.input, ...body.input]) types.set(name, type.tensorType.elemType);
    const check = (nodes: OnnxGraph["node"]) => {
      for (const { opType, input, output, attribute } of nodes) {
        if (opType === "Loop") continue;
        const type = types.get(input[0]);
        assert.ok(type !== undefined, `unknown input ${input[0]} of ${opType}`);
        assert.ok(CUDA_KERNELS[opType]?.includes(type), `${opType} has no CUDA kernel for type ${type}`);
        if (SAME_TYPE.includes(opType))
          assert.equal(types.get(input[1]), type, `${opType} has inputs of two types`);
        const to = attribute.find(({ name }) => name === "to")?.i;
        const selected = opType === "Where" ? types.get(input[1]) : undefined;
        types.set(output[0], opType === "Equal" ? bool : (to ?? selected ?? type));
      }
    };
    check(outer.node);
    check(body.node);
    assert.ok(body.node.length > 100, `${body.node.length} nodes`);
  });

  test(`${name}: the training loop reads only its counter and condition on the host`, () => {
    const { outer, body } = exportGraphs(step);
    const constants = new Set(outer.initializer.map(({ name }) => name));
    assert.equal(body.initializer.length, 0);
    for (const { opType, input } of body.node) {
      if (!READ_ON_HOST.includes(opType)) continue;
      for (const name of input.slice(1))
        assert.ok(constants.has(name), `${opType} reads ${name} on the host`);
    }
    const readers = (name: string) => body.node.filter(({ input }) => input.includes(name));
    const [iteration, condition] = body.input.map(({ name }) => name);
    assert.ok(readers(iteration).every(({ opType, input }) => opType === "Gather" && input[1] === iteration));
    assert.deepEqual(
      readers(condition).map(({ opType, output }) => [opType, output]),
      [["Identity", [body.output[0].name]]],
    );
  });
}

for (const [name, step] of Object.entries(half)) {
  test(`${name}: only the network's matrix products are in half precision`, () => {
    const tensors = topologicalOrder([
      ...step.state.map(({ after }) => after),
      ...Object.values(step.record),
    ]);
    const byOp = (...ops: string[]) => tensors.filter(({ op }) => ops.includes(op));
    const isHalf = ({ type }: { type: string }) => type === "float16";
    for (const { inputs } of byOp("Sin", "Cos", "Sqrt", "Log", "Div")) assert.ok(!inputs.some(isHalf));
    for (const { before, after } of step.state) assert.ok(!isHalf(before) && !isHalf(after), before.name);
    assert.equal(step.record.loss.type, "float32");
    // Every sine layer and the head have one product forward and one or two backward.
    const layers = step.state.filter(({ before }) => /^(encoder|hidden|head)\d*$/.test(before.name ?? ""));
    const products = byOp("MatMul").filter(isHalf);
    assert.ok(
      products.length >= 3 * layers.length - 1,
      `${products.length} products, ${layers.length} layers`,
    );
    const full = byOp("MatMul").filter(({ type }) => type === "float32");
    if (name !== "tile") assert.equal(full.length, 0);
    for (const { inputs } of byOp("Cast").filter(isHalf)) assert.equal(inputs[0].type, "float32");
  });
}

test("without CUDA, auto and cpu use the CPU, and cuda is rejected with setup instructions", {
  skip: hasCudaProvider(),
}, async () => {
  const g = new Operations();
  const model = exportFunction({ y: g.sin(g.input("x", [2])) });
  for (const device of ["auto", "cpu"] as const) {
    const graph = await loadGraph(model, device, 1);
    assert.equal(graph.device, "cpu");
    const { y } = await graph.run({ x: float32Tensor(Float32Array.of(0, Math.PI / 2), [2]) });
    assert.deepEqual([...y], [0, 1]);
    await graph.release();
  }
  await assert.rejects(
    loadGraph(model, "cuda", 1),
    (error) =>
      error instanceof EncoderError &&
      error.code === "no-cuda" &&
      /npm run setup:cuda\) once, or use `device: "cpu"`/.test(error.message),
  );
});

test("check:cuda compares two devices and, for both profiles, both precisions; it rejects a missing GPU", async () => {
  const script = join(import.meta.dirname, "../../../../../scripts/check-cuda.mjs");
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [script, ...args]);
  const report = JSON.parse(
    (await run("cpu", "--steps", "50", "--size", "120x68", "--paper-width", "64")).stdout,
  );
  assert.deepEqual(report.devices, ["cpu", "cpu"]);
  assert.equal(report.largestDifference, 0);
  assert.equal(report.agree, true);
  assert.ok(report.stepsPerSecond.every((rate: number) => rate > 0));
  for (const { speedup, lossDifference, auto } of Object.values<Record<string, unknown>>(report.half)) {
    assert.ok(Number(speedup) > 0, `speedup ${speedup}`);
    const difference = Math.abs(Number(lossDifference));
    assert.ok(difference > 0 && difference < 0.05, `relative loss difference ${lossDifference}`);
    assert.match(
      `${auto}`,
      /^training in (half precision: \d|float32: half precision is only \d|float32: losses are \d)/,
    );
  }
  assert.deepEqual(Object.keys(report.half), ["tile", "paper"]);
  if (!hasCudaProvider()) await assert.rejects(run(), { code: 1, stderr: /^siedd: .*npm run setup:cuda/m });
});
