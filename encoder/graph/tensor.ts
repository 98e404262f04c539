/** Element types that training graphs use. */
export type ElementType = "float32" | "float16" | "uint8" | "int64" | "bool";

/** Attributes of a node: what ONNX calls attributes, plus the values of constants. */
export type Attributes = Readonly<Record<string, number | readonly number[] | Float32Array | BigInt64Array>>;

/**
 * One value of a computation: an operation on other values, with a shape known in advance. Tensors are
 * immutable and shared: building the same operation twice in one Graph gives the same Tensor.
 */
export interface Tensor {
  /** Order of creation; inputs always have smaller numbers. */
  readonly id: number;
  /** ONNX operator, or `Input`, `Constant`. */
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** Inputs only. */
  readonly name?: string;
}

/** Builds tensors and finds those that exist already (hash-consing), so that sine and gradient share a cosine. */
export class Graph {
  readonly #known = new Map<string, Tensor>();
  #count = 0;

  make(
    op: string,
    inputs: readonly Tensor[],
    shape: readonly number[],
    type: ElementType,
    attributes: Attributes = {},
    name?: string,
  ): Tensor {
    const key = `${op}|${inputs.map((input) => input.id).join()}|${shape}|${type}|${name ?? ""}|${describe(attributes)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const tensor: Tensor = {
      id: this.#count++,
      op,
      inputs,
      attributes,
      shape,
      type,
      ...(name === undefined ? {} : { name }),
    };
    this.#known.set(key, tensor);
    return tensor;
  }

  /** A value given from outside; names are unique. */
  input(name: string, shape: readonly number[], type: ElementType = "float32"): Tensor {
    return this.make("Input", [], shape, type, {}, name);
  }

  /** A constant of the given shape; a number is a scalar. */
  constant(values: number | readonly number[], shape: readonly number[] = []): Tensor {
    const data = Float32Array.from(typeof values === "number" ? [values] : values);
    if (data.length !== size(shape))
      throw new RangeError(`${data.length} values do not fill the shape [${shape}]`);
    return this.make("Constant", [], shape, "float32", { value: data });
  }
}

function describe(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${typeof value === "number" ? value : value.join()}`)
    .join(";");
}

/** Elements of a shape. */
export const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
