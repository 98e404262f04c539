/** Element types of training graphs. */
export type ElementType = "float32" | "float16" | "uint8" | "int64" | "bool";

/** Attributes of an operation: those of the ONNX operator, and the values of constants. */
export type Attributes = Readonly<Record<string, number | readonly number[] | Float32Array | BigInt64Array>>;

/**
 * A value of a computation graph: an operation on other values, with a static shape. Tensors are immutable and shared:
 * building the same operation twice in one graph returns the same tensor.
 */
export interface Tensor {
  /** Order of creation. Inputs always have smaller ids. */
  readonly id: number;
  /** ONNX operator, or "Input", "Constant" or "StraightThrough". */
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** Name of an input. */
  readonly name?: string;
}

/** Properties of a new tensor besides its operation and inputs. */
type TensorInit = Pick<Tensor, "shape" | "type" | "name"> & Partial<Pick<Tensor, "attributes">>;

/**
 * Creates tensors and reuses equal ones (hash-consing), so that the forward and backward pass share a cosine, for
 * example.
 */
export class Graph {
  readonly #tensors = new Map<string, Tensor>();
  #count = 0;

  /** Creates a tensor, or returns an existing equal one. The caller computes the shape. */
  make(op: string, inputs: readonly Tensor[], { shape, type, attributes = {}, name }: TensorInit): Tensor {
    const key = `${op}|${inputs.map((input) => input.id).join()}|${shape}|${type}|${name ?? ""}|${attributesKey(attributes)}`;
    const existing = this.#tensors.get(key);
    if (existing !== undefined) return existing;
    const tensor: Tensor = {
      id: this.#count++,
      op,
      inputs,
      attributes,
      shape,
      type,
      ...(name === undefined ? {} : { name }),
    };
    this.#tensors.set(key, tensor);
    return tensor;
  }

  /** Creates an input. Names must be unique within the graph. */
  input(name: string, shape: readonly number[], type: ElementType = "float32"): Tensor {
    return this.make("Input", [], { shape, type, name });
  }

  /** Creates a float32 constant. @throws RangeError if the values do not fill the shape */
  constant(values: number | readonly number[], shape: readonly number[] = []): Tensor {
    const data = Float32Array.from(typeof values === "number" ? [values] : values);
    if (data.length !== size(shape))
      throw new RangeError(`a constant of shape [${shape}] needs ${size(shape)} values, got ${data.length}`);
    return this.make("Constant", [], { shape, type: "float32", attributes: { value: data } });
  }
}

function attributesKey(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${typeof value === "number" ? value : value.join()}`)
    .join(";");
}

/** Returns the number of elements of a shape. */
export const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
