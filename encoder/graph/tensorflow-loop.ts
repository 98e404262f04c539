import type * as tensorflow from "@tensorflow/tfjs";
import { type LoopStep, reachable } from "./onnx-export.js";
import type { ElementType, Tensor } from "./tensor.js";

/** TensorFlow.js as its users import it; injected, since it is an optional package. */
export type TensorFlow = typeof tensorflow;
type Value = tensorflow.Tensor;
type NumericType = "float32" | "int32" | "bool";

/** It has no half precision: a graph that uses it is refused. */
const TYPES: Partial<Record<ElementType, NumericType>> = {
  float32: "float32",
  uint8: "int32",
  int64: "int32",
  bool: "bool",
};

type Operation = (tf: TensorFlow, inputs: readonly Value[], tensor: Tensor) => Value;

/** What each ONNX operator of `Operations` is in TensorFlow.js. */
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
  PassResult: (tf, [a]) => tf.round(a),
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

/** Numbers for a tensor; TensorFlow.js knows neither 64-bit nor unsigned integers. */
export type ParameterLayout = Float32Array | Uint8Array | BigInt64Array;

/** Tensors in the order in which they are computed, and after each the ones that nobody needs any more. */
interface Program {
  readonly order: readonly { readonly tensor: Tensor; readonly spent: readonly Tensor[] }[];
}

/**
 * The loop that `exportLoop` writes, run by TensorFlow.js: the same operations in the same order. State stays
 * where the backend keeps its tensors, from the first step of a run to its last.
 */
export class TensorFlowLoop {
  readonly #tf: TensorFlow;
  readonly #step: LoopStep;
  /** What does not change from step to step, and what does. */
  readonly #once: Program;
  readonly #each: Program;
  readonly #fixed = new Map<Tensor, { readonly numbers: ParameterLayout; readonly value: Value }>();

  /** Throws RangeError for an operation that has no counterpart here. */
  constructor(tf: TensorFlow, step: LoopStep) {
    this.#tf = tf;
    this.#step = step;
    const outputs = [...step.state.map(({ after }) => after), ...Object.values(step.record)];
    const changing = new Set<Tensor>([...step.state.map(({ before }) => before), ...step.perStep]);
    const once: Tensor[] = [];
    const each: Tensor[] = [];
    for (const tensor of reachable(outputs)) {
      if (tensor.inputs.some((input) => changing.has(input))) changing.add(tensor);
      if (tensor.inputs.length > 0 && OPERATIONS[tensor.op] === undefined)
        throw new RangeError(`the operation ${tensor.op} is unknown to the TensorFlow.js trainer`);
      if (TYPES[tensor.type] === undefined)
        throw new RangeError(`the type ${tensor.type} is unknown to the TensorFlow.js trainer`);
      (changing.has(tensor) ? each : once).push(tensor);
    }
    this.#once = { order: once.map((tensor) => ({ tensor, spent: [] })) };
    this.#each = program(each, new Set([...changing].filter((tensor) => !outputs.includes(tensor))));
  }

  /**
   * Runs `steps` steps. `numbers` gives inputs by name: those of a step for all steps one after the other
   * (`all_NAME`), state as it begins (`first_NAME`), the others as they are. -> `next_NAME` of the state,
   * and each record for all steps, as in the exported loop.
   */
  async run(
    steps: number,
    numbers: (name: string) => ParameterLayout,
  ): Promise<Record<string, Float32Array>> {
    const tf = this.#tf;
    const { state, perStep, record } = this.#step;
    const constants = this.#computeOnce(numbers);
    const recorded: Value[][] = [];
    let current = state.map(({ before }) => this.#upload(before, numbers(`first_${before.name}`)));
    try {
      for (let at = 0; at < steps; at++) {
        const results = tf.tidy(() => {
          const values = new Map(constants);
          state.forEach(({ before }, i) => {
            values.set(before, tf.clone(current[i]));
          });
          for (const tensor of perStep) {
            const all = numbers(`all_${tensor.name}`);
            const length = all.length / steps;
            values.set(tensor, this.#upload(tensor, all.subarray(at * length, (at + 1) * length)));
          }
          this.#compute(this.#each, values);
          const outputs = [...state.map(({ after }) => after), ...Object.values(record)];
          return outputs.map((tensor) => tf.clone(values.get(tensor) as Value));
        });
        tf.dispose(current);
        current = results.slice(0, state.length);
        recorded.push(results.slice(state.length));
      }
      const out: Record<string, Float32Array> = {};
      for (const [i, { before }] of state.entries()) out[`next_${before.name}`] = await floatsOf(current[i]);
      for (const [i, name] of Object.keys(record).entries()) {
        const parts = await Promise.all(recorded.map((values) => floatsOf(values[i])));
        out[name] = Float32Array.from(parts.flatMap((part) => [...part]));
      }
      return out;
    } finally {
      tf.dispose([current, recorded, [...constants.values()]]);
    }
  }

  /** Frees what stays from run to run; safe to call twice. */
  release(): void {
    for (const { value } of this.#fixed.values()) value.dispose();
    this.#fixed.clear();
  }

  /** Constants and what follows from them. Inputs that are the same array as in the last run are not uploaded again. */
  #computeOnce(numbers: (name: string) => ParameterLayout): Map<Tensor, Value> {
    const values = new Map<Tensor, Value>();
    for (const { tensor } of this.#once.order) {
      if (tensor.inputs.length > 0) continue;
      const given =
        tensor.op === "Constant" ? (tensor.attributes.value as Float32Array) : numbers(tensor.name ?? "");
      const known = this.#fixed.get(tensor);
      if (known?.numbers !== given) {
        known?.value.dispose();
        this.#fixed.set(tensor, { numbers: given, value: this.#upload(tensor, given) });
      }
      values.set(tensor, this.#tf.clone(this.#fixed.get(tensor)?.value as Value));
    }
    this.#compute(this.#once, values);
    return values;
  }

  #compute({ order }: Program, values: Map<Tensor, Value>): void {
    for (const { tensor, spent } of order) {
      if (tensor.inputs.length > 0) {
        const inputs = tensor.inputs.map((input) => values.get(input) as Value);
        values.set(tensor, OPERATIONS[tensor.op](this.#tf, inputs, tensor));
      }
      for (const input of spent) {
        values.get(input)?.dispose();
        values.delete(input);
      }
    }
  }

  #upload(tensor: Tensor, numbers: ParameterLayout): Value {
    const plain = numbers instanceof Float32Array ? numbers : Int32Array.from(numbers as Uint8Array, Number);
    return this.#tf.tensor(plain, [...tensor.shape], TYPES[tensor.type]);
  }
}

/** Frees each of `temporary` after its last use, so that memory holds one step's activations only while needed. */
function program(order: readonly Tensor[], temporary: ReadonlySet<Tensor>): Program {
  const last = new Map<Tensor, number>();
  order.forEach(({ inputs }, i) => {
    for (const input of inputs) if (temporary.has(input)) last.set(input, i);
  });
  const spent = order.map((): Tensor[] => []);
  for (const [tensor, i] of last) spent[i].push(tensor);
  return { order: order.map((tensor, i) => ({ tensor, spent: spent[i] })) };
}

/** A copy: the CPU backend gives its own memory away. */
async function floatsOf(value: Value): Promise<Float32Array> {
  return Float32Array.from(await value.data());
}
