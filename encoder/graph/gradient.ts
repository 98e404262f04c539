import type { Operations } from "./operations.js";
import { size, type Tensor } from "./tensor.js";

/**
 * Builds the gradients of `loss` with respect to each tensor of `wrt` in the same graph, by reverse-mode differentiation.
 * Visits only the operations between `wrt` and the loss (Griewank and Walther, "Evaluating Derivatives", 2008, chapter 3).
 *
 * @param loss a tensor with one element
 * @throws RangeError if the loss has more elements, does not depend on one of `wrt`, or uses an operation without a
 *   derivative
 */
export function gradients(g: Operations, loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (size(loss.shape) !== 1)
    throw new RangeError(`the loss must have one element, got shape [${loss.shape}]`);
  const relevant = dependents(loss, wrt);
  const adjoints = new Map<Tensor, Tensor>([
    [
      loss,
      g.constant(
        [1],
        loss.shape.map(() => 1),
      ),
    ],
  ]);
  const order = [...relevant].sort((a, b) => b.id - a.id);
  for (const tensor of order) {
    const adjoint = adjoints.get(tensor);
    if (adjoint === undefined || tensor.inputs.length === 0) continue;
    tensor.inputs.forEach((input, position) => {
      if (!relevant.has(input) || !differentiable(tensor).includes(input)) return;
      const term = backward(g, tensor, position, adjoint);
      const sum = adjoints.get(input);
      adjoints.set(input, sum === undefined ? term : g.add(sum, term));
    });
  }
  return wrt.map((tensor) => {
    const adjoint = adjoints.get(tensor);
    if (adjoint === undefined)
      throw new RangeError(`the loss does not depend on ${tensor.name ?? tensor.op}`);
    return adjoint;
  });
}

/** Returns the inputs through which a tensor is differentiated. */
const differentiable = (tensor: Tensor): readonly Tensor[] =>
  tensor.op === "StraightThrough" ? [tensor.inputs[1]] : tensor.inputs;

/** Returns all tensors on a path from `wrt` to `loss`. */
function dependents(loss: Tensor, wrt: readonly Tensor[]): Set<Tensor> {
  const depends = new Map<Tensor, boolean>(wrt.map((tensor) => [tensor, true]));
  const visit = (tensor: Tensor): boolean => {
    const visited = depends.get(tensor);
    if (visited !== undefined) return visited;
    const result = differentiable(tensor).map(visit).some(Boolean);
    depends.set(tensor, result);
    return result;
  };
  visit(loss);
  return new Set([...depends].filter(([, dependent]) => dependent).map(([tensor]) => tensor));
}

/** Builds the term that `tensor` adds to the adjoint of `tensor.inputs[position]` (a vector-Jacobian product). */
function backward(g: Operations, tensor: Tensor, position: number, adjoint: Tensor): Tensor {
  const [a, b] = tensor.inputs;
  const input = tensor.inputs[position];
  switch (tensor.op) {
    case "Add":
      return g.reduceTo(adjoint, input.shape);
    case "StraightThrough":
      return adjoint;
    case "Sub":
      return g.reduceTo(position === 0 ? adjoint : g.scale(adjoint, -1), input.shape);
    case "Mul":
      return g.reduceTo(g.multiply(adjoint, position === 0 ? b : a), input.shape);
    case "Sin":
      return g.multiply(adjoint, g.cos(a));
    case "Sqrt":
      return g.scale(g.divide(adjoint, tensor), 0.5);
    case "Log":
      return g.divide(adjoint, a);
    case "Cos":
      return g.scale(g.multiply(adjoint, g.sin(a)), -1);
    case "MatMul":
      return g.reduceTo(
        position === 0 ? g.matmul(adjoint, g.transpose(b)) : g.matmul(g.transpose(a), adjoint),
        input.shape,
      );
    case "Transpose": {
      const perm = tensor.attributes.perm as readonly number[];
      return g.permute(
        adjoint,
        perm.map((_, axis) => perm.indexOf(axis)),
      );
    }
    case "Cast":
      return g.cast(adjoint, input.type as "float32" | "float16");
    case "Reshape":
      return g.reshape(adjoint, a.shape);
    case "Expand":
      return g.reduceTo(adjoint, a.shape);
    case "ReduceSum":
      return g.expand(adjoint, a.shape);
    case "Slice": {
      const { axis, start, end } = tensor.attributes as Record<string, number>;
      const zeros = (length: number) => g.expand(g.constant(0), a.shape.with(axis, length));
      const parts = [zeros(start), adjoint, zeros(a.shape[axis] - end)];
      return g.concat(
        parts.filter((part) => part.shape[axis] > 0),
        axis,
      );
    }
    case "Concat": {
      const axis = tensor.attributes.axis as number;
      const start = tensor.inputs.slice(0, position).reduce((sum, part) => sum + part.shape[axis], 0);
      return g.slice(adjoint, axis, start, start + input.shape[axis]);
    }
    case "Abs":
      return g.multiply(adjoint, g.sign(a));
    default:
      throw new RangeError(`the derivative of the operation ${tensor.op} is not implemented`);
  }
}
