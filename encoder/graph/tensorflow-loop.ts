import type * as tensorflow from "@tensorflow/tfjs";
import { type LoopStep, topologicalOrder } from "./onnx-export.js";
import type { ElementType, Tensor } from "./tensor.js";

/** The TensorFlow.js module. It is injected, because the package is optional. */
export type TensorFlow = typeof tensorflow;
type Value = tensorflow.Tensor;
type NumericType = "float32" | "int32" | "bool";

/** Types in TensorFlow.js, which has no float16. */
const TYPES: Partial<Record<ElementType, NumericType>> = {
  float32: "float32",
  uint8: "int32",
  int64: "int32",
  bool: "bool",
};

type Operation = (tf: TensorFlow, inputs: readonly Value[], tensor: Tensor) => Value;

/** Implementation of each ONNX operator of `Operations` in TensorFlow.js. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  Add: (tf, [a, b]) => tf.add(a, b),
  Sub: (tf, [a, b]) => tf.sub(a, b),
  Mul: (tf, [a, b]) => tf.mul(a, b),
  Div: (tf, [a, b]) => tf.div(a, b),
  Sin: (tf, [a]) => tf.sin(a),
  Cos: (tf, [a]) => tf.cos(a),
  Sqrt: (tf, [a]) => tf.sqrt(a),
  Abs: (tf, [a]) => tf.abs(a),
  Sign: (tf, [a]) => tf.sign(a),
  Log: (tf, [a]) => tf.log(a),
  Round: (tf, [a]) => tf.round(a),
  Equal: (tf, [a, b]) => tf.equal(a, b),
  MatMul: (tf, [a, b]) => tf.matMul(a, b),
  StraightThrough: (tf, [value]) => tf.clone(value),
  Cast: (tf, [a], { type }) => tf.cast(a, TYPES[type] as NumericType),
  Reshape: (tf, [a], { shape }) => tf.reshape(a, [...shape]),
  Expand: (tf, [a], { shape }) => tf.broadcastTo(a, [...shape]),
  Concat: (tf, parts, { attributes }) => tf.concat([...parts], attributes.axis as number),
  Transpose: (tf, [a], { attributes }) => tf.transpose(a, [...(attributes.perm as readonly number[])]),
  ReduceSum: (tf, [a], { attributes }) => tf.sum(a, [...(attributes.axes as readonly number[])], true),
  Gather: (tf, [a, indices], { attributes }) =>
    tf.gather(a, indices as tensorflow.Tensor1D, attributes.axis as number),
  Slice: (tf, [a], { shape, attributes }) =>
    tf.slice(a, shape.map(() => 0).with(attributes.axis as number, attributes.start as number), [...shape]),
};

/** Data of an input. TensorFlow.js stores both integer types as int32. */
export type TensorData = Float32Array | Uint8Array | BigInt64Array;

/** Tensors in the order of computation, each with the tensors that can be disposed after it. */
type Program = readonly { readonly tensor: Tensor; readonly disposable: readonly Tensor[] }[];

/**
 * Runs a training loop in TensorFlow.js, with the same operations in the same order as `exportLoop` exports. The state
 * stays in the backend for all steps of a run.
 */
export class TensorFlowLoop {
  readonly #tf: TensorFlow;
  readonly #step: LoopStep;
  /** Tensors that are the same in every step. */
  readonly #invariant: Program;
  /** Tensors that depend on the state or on per-step inputs. */
  readonly #perStep: Program;
  readonly #uploaded = new Map<Tensor, { readonly data: TensorData; readonly value: Value }>();

  /** @throws RangeError if the graph has an operation or type that is not supported */
  constructor(tf: TensorFlow, step: LoopStep) {
    this.#tf = tf;
    this.#step = step;
    const outputs = [...step.state.map(({ after }) => after), ...Object.values(step.record)];
    const changing = new Set<Tensor>([...step.state.map(({ before }) => before), ...step.perStep]);
    const invariant: Tensor[] = [];
    const perStep: Tensor[] = [];
    for (const tensor of topologicalOrder(outputs)) {
      if (tensor.inputs.some((input) => changing.has(input))) changing.add(tensor);
      if (tensor.inputs.length > 0 && OPERATIONS[tensor.op] === undefined)
        throw new RangeError(`the TensorFlow.js trainer does not support the operation ${tensor.op}`);
      if (TYPES[tensor.type] === undefined)
        throw new RangeError(`the TensorFlow.js trainer does not support the type ${tensor.type}`);
      (changing.has(tensor) ? perStep : invariant).push(tensor);
    }
    this.#invariant = invariant.map((tensor) => ({ tensor, disposable: [] }));
    this.#perStep = planDisposal(
      perStep,
      new Set([...changing].filter((tensor) => !outputs.includes(tensor))),
    );
  }

  /**
   * Runs `steps` steps.
   *
   * @param inputs returns an input by its name in the exported loop: `all_NAME`, `first_NAME` or NAME
   * @returns the outputs of the exported loop: the final state as `next_NAME`, and each record for all steps
   */
  async run(steps: number, inputs: (name: string) => TensorData): Promise<Record<string, Float32Array>> {
    const tf = this.#tf;
    const { state, perStep, record } = this.#step;
    const constants = this.#computeInvariant(inputs);
    const recorded: Value[][] = [];
    let current = state.map(({ before }) => this.#upload(before, inputs(`first_${before.name}`)));
    try {
      for (let step = 0; step < steps; step++) {
        const results = tf.tidy(() => {
          const values = new Map(constants);
          state.forEach(({ before }, i) => {
            values.set(before, tf.clone(current[i]));
          });
          for (const tensor of perStep) {
            const valuesOfAllSteps = inputs(`all_${tensor.name}`);
            const length = valuesOfAllSteps.length / steps;
            values.set(
              tensor,
              this.#upload(tensor, valuesOfAllSteps.subarray(step * length, (step + 1) * length)),
            );
          }
          this.#compute(this.#perStep, values);
          const outputs = [...state.map(({ after }) => after), ...Object.values(record)];
          return outputs.map((tensor) => tf.clone(values.get(tensor) as Value));
        });
        tf.dispose(current);
        current = results.slice(0, state.length);
        recorded.push(results.slice(state.length));
      }
      const out: Record<string, Float32Array> = {};
      for (const [i, { before }] of state.entries())
        out[`next_${before.name}`] = await downloadFloats(current[i]);
      for (const [i, name] of Object.keys(record).entries()) {
        const parts = await Promise.all(recorded.map((values) => downloadFloats(values[i])));
        out[name] = Float32Array.from(parts.flatMap((part) => [...part]));
      }
      return out;
    } finally {
      tf.dispose([current, recorded, [...constants.values()]]);
    }
  }

  /** Frees the tensors that were kept between runs. May be called more than once. */
  release(): void {
    for (const { value } of this.#uploaded.values()) value.dispose();
    this.#uploaded.clear();
  }

  /** Computes the invariant tensors. An input that is the same array as in the last run is not uploaded again. */
  #computeInvariant(inputs: (name: string) => TensorData): Map<Tensor, Value> {
    const values = new Map<Tensor, Value>();
    for (const { tensor } of this.#invariant) {
      if (tensor.inputs.length > 0) continue;
      const data =
        tensor.op === "Constant" ? (tensor.attributes.value as Float32Array) : inputs(tensor.name ?? "");
      const uploaded = this.#uploaded.get(tensor);
      if (uploaded?.data !== data) {
        uploaded?.value.dispose();
        this.#uploaded.set(tensor, { data, value: this.#upload(tensor, data) });
      }
      values.set(tensor, this.#tf.clone(this.#uploaded.get(tensor)?.value as Value));
    }
    this.#compute(this.#invariant, values);
    return values;
  }

  #compute(program: Program, values: Map<Tensor, Value>): void {
    for (const { tensor, disposable } of program) {
      if (tensor.inputs.length > 0) {
        const inputs = tensor.inputs.map((input) => values.get(input) as Value);
        values.set(tensor, OPERATIONS[tensor.op](this.#tf, inputs, tensor));
      }
      for (const input of disposable) {
        values.get(input)?.dispose();
        values.delete(input);
      }
    }
  }

  #upload(tensor: Tensor, data: TensorData): Value {
    const values = data instanceof Float32Array ? data : Int32Array.from(data as Uint8Array, Number);
    return this.#tf.tensor(values, [...tensor.shape], TYPES[tensor.type]);
  }
}

/** Plans to dispose of each tensor of `temporary` after its last use, so that activations do not outlive their step. */
function planDisposal(order: readonly Tensor[], temporary: ReadonlySet<Tensor>): Program {
  const lastUse = new Map<Tensor, number>();
  order.forEach(({ inputs }, i) => {
    for (const input of inputs) if (temporary.has(input)) lastUse.set(input, i);
  });
  const disposable = order.map((): Tensor[] => []);
  for (const [tensor, i] of lastUse) disposable[i].push(tensor);
  return order.map((tensor, i) => ({ tensor, disposable: disposable[i] }));
}

/** Downloads a copy of the data, because the CPU backend returns its own memory. */
async function downloadFloats(value: Value): Promise<Float32Array> {
  return Float32Array.from(await value.data());
}
