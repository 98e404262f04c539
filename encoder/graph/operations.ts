import { type ElementType, Graph, size, type Tensor } from "./tensor.js";

/** Values of TensorProto.DataType for the attribute `to` of a Cast. */
const CAST_TO: Partial<Record<ElementType, number>> = { float32: 1, float16: 10 };

/**
 * Precision of a network's matrix products. "rounded" emulates float16: float32 products of operands rounded to float16,
 * rounded again. It differs from float16 only in how the terms of a product are accumulated.
 */
export type MatmulPrecision = "float32" | "float16" | "rounded";

/**
 * Builds the operations of training graphs and checks shapes and types. Elementwise operations broadcast as in NumPy and
 * ONNX.
 */
export class Operations extends Graph {
  /** Precision of `autocastMatmul`. All other operations are float32. */
  readonly matmulPrecision: MatmulPrecision;

  constructor(matmulPrecision: MatmulPrecision = "float32") {
    super();
    this.matmulPrecision = matmulPrecision;
  }

  add(a: Tensor, b: Tensor): Tensor {
    return this.#elementwise("Add", a, b);
  }

  subtract(a: Tensor, b: Tensor): Tensor {
    return this.#elementwise("Sub", a, b);
  }

  multiply(a: Tensor, b: Tensor): Tensor {
    return this.#elementwise("Mul", a, b);
  }

  divide(a: Tensor, b: Tensor): Tensor {
    return this.#elementwise("Div", a, b);
  }

  scale(a: Tensor, factor: number): Tensor {
    return factor === 1 ? a : this.multiply(a, this.constant(factor));
  }

  sin(a: Tensor): Tensor {
    return this.make("Sin", [a], { shape: a.shape, type: a.type });
  }

  cos(a: Tensor): Tensor {
    return this.make("Cos", [a], { shape: a.shape, type: a.type });
  }

  sqrt(a: Tensor): Tensor {
    return this.make("Sqrt", [a], { shape: a.shape, type: a.type });
  }

  /** Natural logarithm. */
  log(a: Tensor): Tensor {
    return this.make("Log", [a], { shape: a.shape, type: a.type });
  }

  abs(a: Tensor): Tensor {
    return this.make("Abs", [a], { shape: a.shape, type: a.type });
  }

  /** -1, 0 or 1. */
  sign(a: Tensor): Tensor {
    return this.make("Sign", [a], { shape: a.shape, type: a.type });
  }

  /** Multiplies matrices [..., n, k] x [..., k, m]; leading axes broadcast. */
  matmul(a: Tensor, b: Tensor): Tensor {
    const [n, k] = a.shape.slice(-2);
    const [k2, m] = b.shape.slice(-2);
    if (k !== k2) throw new RangeError(`cannot multiply matrices of shapes [${a.shape}] and [${b.shape}]`);
    requireSameType("MatMul", a, b);
    const lead = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return this.make("MatMul", [a, b], { shape: [...lead, n, m], type: a.type });
  }

  /**
   * Multiplies float32 matrices in the graph's matmul precision, with a float32 result. Differentiation follows the casts:
   * products of the backward pass have the same precision and reuse the activations that were already cast.
   */
  autocastMatmul(a: Tensor, b: Tensor): Tensor {
    if (this.matmulPrecision === "float32") return this.matmul(a, b);
    const half = (tensor: Tensor) => this.cast(tensor, "float16");
    if (this.matmulPrecision === "float16") return this.toFloat(this.matmul(half(a), half(b)));
    const rounded = (tensor: Tensor) => this.toFloat(half(tensor));
    return rounded(this.matmul(rounded(a), rounded(b)));
  }

  /** Reorders the axes. */
  permute(a: Tensor, permutation: readonly number[]): Tensor {
    return this.make("Transpose", [a], {
      shape: permutation.map((axis) => a.shape[axis]),
      type: a.type,
      attributes: { perm: permutation },
    });
  }

  /** Swaps the last two axes. */
  transpose(a: Tensor): Tensor {
    if (a.op === "Transpose" && isMatrixTranspose(a)) return a.inputs[0];
    const axes = a.shape.map((_, axis) => axis);
    return this.permute(a, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  }

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    if (size(shape) !== size(a.shape)) throw new RangeError(`cannot reshape [${a.shape}] to [${shape}]`);
    return isSameShape(shape, a.shape)
      ? a
      : this.make("Reshape", [a], { shape, type: a.type, attributes: { shape } });
  }

  expand(a: Tensor, shape: readonly number[]): Tensor {
    if (!isSameShape(broadcast(a.shape, shape), shape))
      throw new RangeError(`cannot expand [${a.shape}] to [${shape}]`);
    return isSameShape(shape, a.shape)
      ? a
      : this.make("Expand", [a], { shape, type: a.type, attributes: { shape } });
  }

  concat(parts: readonly Tensor[], axis: number): Tensor {
    const length = parts.reduce((sum, part) => sum + part.shape[axis], 0);
    return this.make("Concat", parts, {
      shape: parts[0].shape.with(axis, length),
      type: parts[0].type,
      attributes: { axis },
    });
  }

  slice(a: Tensor, axis: number, start: number, end: number): Tensor {
    return this.make("Slice", [a], {
      shape: a.shape.with(axis, end - start),
      type: a.type,
      attributes: { axis, start, end },
    });
  }

  /** Sums over axes and keeps them with length 1. */
  sum(a: Tensor, axes: readonly number[]): Tensor {
    if (axes.length === 0) return a;
    return this.make("ReduceSum", [a], {
      shape: a.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)),
      type: a.type,
      attributes: { axes },
    });
  }

  /** Gathers rows of `a` along axis 0. */
  gather(a: Tensor, indices: Tensor): Tensor {
    return this.make("Gather", [a, indices], {
      shape: [...indices.shape, ...a.shape.slice(1)],
      type: a.type,
      attributes: { axis: 0 },
    });
  }

  toFloat(a: Tensor): Tensor {
    return this.cast(a, "float32");
  }

  cast(a: Tensor, type: "float32" | "float16"): Tensor {
    return a.type === type
      ? a
      : this.make("Cast", [a], { shape: a.shape, type, attributes: { to: CAST_TO[type] as number } });
  }

  /** Encodes values [n] as one-hot columns [rows, n]. */
  oneHot(values: Tensor, rows: number): Tensor {
    const index = this.constant(
      Array.from({ length: rows }, (_, i) => i),
      [rows, 1],
    );
    const row = this.reshape(values, [1, ...values.shape]);
    return this.toFloat(this.equal(index, row));
  }

  equal(a: Tensor, b: Tensor): Tensor {
    requireSameType("Equal", a, b);
    return this.make("Equal", [a, b], { shape: broadcast(a.shape, b.shape), type: "bool" });
  }

  /** Selects `a` where the condition is true, else `b`. */
  where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
    requireSameType("Where", a, b);
    const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
    return this.make("Where", [condition, a, b], { shape, type: a.type });
  }

  minimum(a: Tensor, b: Tensor): Tensor {
    return this.#elementwise("Min", a, b);
  }

  /** Rounds to the nearest integer, ties to even. */
  round(a: Tensor): Tensor {
    return this.make("Round", [a], { shape: a.shape, type: a.type });
  }

  /**
   * Returns `value` with the derivative of `a`: the straight-through estimator (Bengio et al. 2013, arXiv 1308.3432) for
   * operations without a useful derivative, such as rounding.
   */
  straightThrough(value: Tensor, a: Tensor): Tensor {
    if (!isSameShape(value.shape, a.shape))
      throw new RangeError(
        `straight-through value and input must have the same shape, got [${value.shape}] and [${a.shape}]`,
      );
    return this.make("StraightThrough", [value, a], { shape: a.shape, type: a.type });
  }

  /** Sums over the axes along which `shape` was broadcast to the shape of `a`. */
  reduceTo(a: Tensor, shape: readonly number[]): Tensor {
    const lead = a.shape.length - shape.length;
    const axes = a.shape.flatMap((n, axis) =>
      axis < lead || (shape[axis - lead] === 1 && n !== 1) ? [axis] : [],
    );
    return this.reshape(this.sum(a, axes), shape);
  }

  #elementwise(op: string, a: Tensor, b: Tensor): Tensor {
    requireSameType(op, a, b);
    return this.make(op, [a, b], { shape: broadcast(a.shape, b.shape), type: a.type });
  }
}

function requireSameType(op: string, a: Tensor, b: Tensor): void {
  if (a.type !== b.type)
    throw new RangeError(`${op} needs operands of the same type, got ${a.type} and ${b.type}`);
}

function isMatrixTranspose(a: Tensor): boolean {
  const perm = a.attributes.perm as readonly number[];
  const n = perm.length;
  return perm[n - 1] === n - 2 && perm[n - 2] === n - 1 && perm.slice(0, -2).every((axis, i) => axis === i);
}

const isSameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const n = a[a.length - rank + i] ?? 1;
    const m = b[b.length - rank + i] ?? 1;
    if (n !== m && n !== 1 && m !== 1) throw new RangeError(`cannot broadcast [${a}] and [${b}]`);
    return n === 1 ? m : n;
  });
}
