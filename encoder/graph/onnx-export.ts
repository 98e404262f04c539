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

const nameOf = (tensor: Tensor): string => tensor.name ?? `${tensor.op}_${tensor.id}`;

const INT64_INPUT: Record<string, (tensor: Tensor) => readonly number[][]> = {
  Reshape: (tensor) => [[...tensor.shape]],
  Expand: (tensor) => [[...tensor.shape]],
  ReduceSum: (tensor) => [tensor.attributes.axes as number[]],
  Slice: ({ attributes }) => [
    [attributes.start as number],
    [attributes.end as number],
    [attributes.axis as number],
  ],
};

const ATTRIBUTES: Record<string, readonly string[]> = {
  Transpose: ["perm"],
  Concat: ["axis"],
  Gather: ["axis"],
  Cast: ["to"],
};

/** Collects nodes and the constants they need. */
class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, OnnxTensor>();

  /** Constants go into `constants`, so that a loop's body shares those of the graph around it. */
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
    const extra = (INT64_INPUT[tensor.op]?.(tensor) ?? []).map((values) => constants.integers(values));
    const attribute = (ATTRIBUTES[tensor.op] ?? []).map((name) =>
      attributeOf(name, tensor.attributes[name] as number),
    );
    this.nodes.push({
      opType: tensor.op,
      input: [...tensor.inputs.map(nameOf), ...extra],
      output: [nameOf(tensor)],
      attribute,
    });
  }

  add(name: string, type: ElementType, dims: readonly number[], rawData: Uint8Array): string {
    this.initializers.set(name, { name, dataType: DATA_TYPE[type], dims: [...dims], rawData });
    return name;
  }

  integers(values: readonly number[], scalar = false): string {
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

/** Everything that `outputs` need, inputs first. */
export function reachable(outputs: readonly Tensor[]): Tensor[] {
  const found = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (found.has(tensor)) return;
    tensor.inputs.forEach(visit);
    found.add(tensor);
  };
  outputs.forEach(visit);
  return [...found].sort((a, b) => a.id - b.id);
}

/** A graph that computes named outputs once: .onnx bytes. */
export function exportFunction(outputs: Readonly<Record<string, Tensor>>): Uint8Array {
  const emitter = new Emitter();
  const tensors = reachable(Object.values(outputs));
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

/** What one turn of a loop does. */
export interface LoopStep {
  /** Values that live through the loop, and what each becomes after a step. */
  readonly state: readonly { readonly before: Tensor; readonly after: Tensor }[];
  /** Inputs that are given for all steps at once, with the step as the first axis. */
  readonly perStep: readonly Tensor[];
  /** Values kept of every step. */
  readonly record: Readonly<Record<string, Tensor>>;
}

/**
 * Many steps in one ONNX `Loop`, so that the state stays on the device: .onnx bytes.
 *
 * Inputs: `steps` (int64 scalar); the state by its names; per-step inputs as [steps, ...]; all other
 * inputs as they are. Outputs: `next_NAME` a state, and each record as [steps, ...]. What does not
 * change from step to step is computed once, outside of the loop.
 */
export function exportLoop(step: LoopStep): Uint8Array {
  const outer = new Emitter();
  const body = new Emitter();
  const changing = new Set<Tensor>([...step.state.map(({ before }) => before), ...step.perStep]);
  const tensors = reachable([...step.state.map(({ after }) => after), ...Object.values(step.record)]);
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
  identity("condition", "go_on");
  for (const { before, after } of step.state) identity(nameOf(after), `after_${nameOf(before)}`);
  for (const [name, tensor] of Object.entries(step.record)) identity(nameOf(tensor), `each_${name}`);

  const stateInfo = (prefix: string) =>
    step.state.map(({ before }) => valueInfo(`${prefix}${nameOf(before)}`, before.type, before.shape));
  const records = Object.entries(step.record);
  const bodyGraph = body.graph(
    "step",
    [valueInfo("iteration", "int64", []), valueInfo("condition", "bool", []), ...stateInfo("")],
    [
      valueInfo("go_on", "bool", []),
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
  const plain = tensors.filter((tensor) => tensor.op === "Input" && !changing.has(tensor));
  return encodeModel(
    outer.graph(
      "loop",
      [
        valueInfo("steps", "int64", []),
        ...stateInfo("first_"),
        ...step.perStep.map((tensor) =>
          valueInfo(`all_${nameOf(tensor)}`, tensor.type, ["steps_", ...tensor.shape]),
        ),
        ...plain.map((tensor) => valueInfo(nameOf(tensor), tensor.type, tensor.shape)),
      ],
      [
        ...stateInfo("next_"),
        ...records.map(([name, tensor]) => valueInfo(name, tensor.type, ["steps_", ...tensor.shape])),
      ],
    ),
  );
}
