import {
  ATTRIBUTE,
  DATA_TYPE,
  encodeModel,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "./onnx-schema.js";
import type { ElementType, Tensor } from "./tensor.js";

/** Returns the name of a tensor in the exported graph. */
const nameOf = (tensor: Tensor): string => tensor.name ?? `${tensor.op}_${tensor.id}`;

/** For each operator, the shapes and axes that ONNX expects as int64 inputs. */
const INT64_INPUTS: Record<string, (tensor: Tensor) => readonly number[][]> = {
  Reshape: (tensor) => [[...tensor.shape]],
  Expand: (tensor) => [[...tensor.shape]],
  ReduceSum: (tensor) => [tensor.attributes.axes as number[]],
  Slice: ({ attributes }) => [
    [attributes.start as number],
    [attributes.end as number],
    [attributes.axis as number],
  ],
};

/** Names of the ONNX attributes of each operator. */
const ATTRIBUTES: Record<string, readonly string[]> = {
  Transpose: ["perm"],
  Concat: ["axis"],
  Gather: ["axis"],
  Cast: ["to"],
};

/** Collects the nodes of a graph and the constants that they use. */
class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, OnnxTensor>();

  /** Adds a tensor. Constants are added to `constants`, so that the body of a loop can use constants of the outer graph. */
  emit(tensor: Tensor, constants: Emitter): void {
    if (tensor.op === "Input") return;
    if (tensor.op === "Constant") {
      const data = tensor.attributes.value as Float32Array;
      constants.add(nameOf(tensor), "float32", tensor.shape, new Uint8Array(data.buffer));
      return;
    }
    if (tensor.op === "StraightThrough") {
      this.nodes.push({
        opType: "Identity",
        input: [nameOf(tensor.inputs[0])],
        output: [nameOf(tensor)],
        attribute: [],
      });
      return;
    }
    const shapeInputs = (INT64_INPUTS[tensor.op]?.(tensor) ?? []).map((values) => constants.int64(values));
    const attribute = (ATTRIBUTES[tensor.op] ?? []).map((name) =>
      attributeOf(name, tensor.attributes[name] as number),
    );
    this.nodes.push({
      opType: tensor.op,
      input: [...tensor.inputs.map(nameOf), ...shapeInputs],
      output: [nameOf(tensor)],
      attribute,
    });
  }

  /** Adds a constant and returns its name. */
  add(name: string, type: ElementType, dims: readonly number[], rawData: Uint8Array): string {
    this.initializers.set(name, { name, dataType: DATA_TYPE[type], dims: [...dims], rawData });
    return name;
  }

  /** Adds an int64 constant and returns its name. */
  int64(values: readonly number[], scalar = false): string {
    const data = BigInt64Array.from(values, BigInt);
    const name = `integers_${scalar ? "scalar_" : ""}${values.join("_")}`;
    return this.add(name, "int64", scalar ? [] : [values.length], new Uint8Array(data.buffer));
  }

  graph(name: string, input: OnnxValueInfo[], output: OnnxValueInfo[]): OnnxGraph {
    return { name, node: this.nodes, initializer: [...this.initializers.values()], input, output };
  }
}

function attributeOf(name: string, value: number | readonly number[]): OnnxAttribute {
  return typeof value === "number"
    ? { name, type: ATTRIBUTE.int, i: value }
    : { name, type: ATTRIBUTE.ints, ints: value };
}

function valueInfo(name: string, type: ElementType, shape: readonly (number | string)[]): OnnxValueInfo {
  const dim = shape.map((n) => (typeof n === "number" ? { dimValue: n } : { dimParam: n }));
  return { name, type: { tensorType: { elemType: DATA_TYPE[type], shape: { dim } } } };
}

/** Returns all tensors that `outputs` depend on, each after its inputs. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const visited = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (visited.has(tensor)) return;
    tensor.inputs.forEach(visit);
    visited.add(tensor);
  };
  outputs.forEach(visit);
  return [...visited].sort((a, b) => a.id - b.id);
}

/** Exports a graph that computes named outputs once. Returns an .onnx file. */
export function exportFunction(outputs: Readonly<Record<string, Tensor>>): Uint8Array {
  const emitter = new Emitter();
  const tensors = topologicalOrder(Object.values(outputs));
  for (const tensor of tensors) emitter.emit(tensor, emitter);
  for (const [name, tensor] of Object.entries(outputs)) {
    emitter.nodes.push({ opType: "Identity", input: [nameOf(tensor)], output: [name], attribute: [] });
  }
  const inputs = tensors.filter((tensor) => tensor.op === "Input");
  return encodeModel(
    emitter.graph(
      "function",
      inputs.map((tensor) => valueInfo(nameOf(tensor), tensor.type, tensor.shape)),
      Object.entries(outputs).map(([name, tensor]) => valueInfo(name, tensor.type, tensor.shape)),
    ),
  );
}

/** One iteration of a training loop. */
export interface LoopStep {
  /** Inputs that carry state from step to step, each with its value after a step. */
  readonly state: readonly { readonly before: Tensor; readonly after: Tensor }[];
  /**
   * Inputs with a different value in every step. They are passed for all steps at once, with the step as the first axis.
   */
  readonly perStep: readonly Tensor[];
  /** Values that are recorded in every step, by name. */
  readonly record: Readonly<Record<string, Tensor>>;
}

/**
 * Exports a step as the body of an ONNX `Loop` that runs many steps and keeps its state on the device. Returns an .onnx
 * file.
 *
 * Inputs: `steps` (int64 scalar), the initial state as `first_NAME`, per-step inputs as `all_NAME` [steps, ...], and all
 * other inputs by their names. Outputs: the final state as `next_NAME`, and each record by its name [steps, ...]. Tensors
 * that do not change from step to step are computed once, outside of the loop.
 */
export function exportLoop(step: LoopStep): Uint8Array {
  const outer = new Emitter();
  const body = new Emitter();
  const changing = new Set<Tensor>([...step.state.map(({ before }) => before), ...step.perStep]);
  const tensors = topologicalOrder([...step.state.map(({ after }) => after), ...Object.values(step.record)]);
  for (const tensor of step.perStep) {
    const node = {
      opType: "Gather",
      input: [`all_${nameOf(tensor)}`, "iteration"],
      output: [nameOf(tensor)],
    };
    body.nodes.push({ ...node, attribute: [attributeOf("axis", 0)] });
  }
  for (const tensor of tensors) {
    if (tensor.inputs.some((input) => changing.has(input))) changing.add(tensor);
    (changing.has(tensor) ? body : outer).emit(tensor, outer);
  }
  const identity = (input: string, output: string) =>
    body.nodes.push({ opType: "Identity", input: [input], output: [output], attribute: [] });
  identity("condition", "condition_out");
  for (const { before, after } of step.state) identity(nameOf(after), `after_${nameOf(before)}`);
  for (const [name, tensor] of Object.entries(step.record)) identity(nameOf(tensor), `each_${name}`);

  const stateInfo = (prefix: string) =>
    step.state.map(({ before }) => valueInfo(`${prefix}${nameOf(before)}`, before.type, before.shape));
  const records = Object.entries(step.record);
  const bodyGraph = body.graph(
    "step",
    [valueInfo("iteration", "int64", []), valueInfo("condition", "bool", []), ...stateInfo("")],
    [
      valueInfo("condition_out", "bool", []),
      ...stateInfo("after_"),
      ...records.map(([name, tensor]) => valueInfo(`each_${name}`, tensor.type, tensor.shape)),
    ],
  );
  outer.add("always", "bool", [], Uint8Array.of(1));
  outer.nodes.push({
    opType: "Loop",
    input: ["steps", "always", ...step.state.map(({ before }) => `first_${nameOf(before)}`)],
    output: [...step.state.map(({ before }) => `next_${nameOf(before)}`), ...records.map(([name]) => name)],
    attribute: [{ name: "body", type: ATTRIBUTE.graph, g: bodyGraph }],
  });
  const invariantInputs = tensors.filter((tensor) => tensor.op === "Input" && !changing.has(tensor));
  return encodeModel(
    outer.graph(
      "loop",
      [
        valueInfo("steps", "int64", []),
        ...stateInfo("first_"),
        ...step.perStep.map((tensor) =>
          valueInfo(`all_${nameOf(tensor)}`, tensor.type, ["steps_", ...tensor.shape]),
        ),
        ...invariantInputs.map((tensor) => valueInfo(nameOf(tensor), tensor.type, tensor.shape)),
      ],
      [
        ...stateInfo("next_"),
        ...records.map(([name, tensor]) => valueInfo(name, tensor.type, ["steps_", ...tensor.shape])),
      ],
    ),
  );
}
