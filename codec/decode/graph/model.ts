import { input, integerAttribute, model, node, output } from "../../onnx/graph.js";

/**
 * Returns the ONNX model of one tile. Weights are inputs.
 *
 * Inputs: sine and cosine of the separable layer along each axis, `column_sine`, `column_cosine`
 * [first, 1, columns] and `row_sine`, `row_cosine` [first, rows, 1]; `weights{l}` [out, in] and `bias{l}` [out, 1]
 * of the `denseLayers` sine layers that follow; `head` [3, width] and `head_bias` [3, 1].
 * Output: `samples` [3, rows x columns].
 */
export function tileDecodingModel(denseLayers: number): Uint8Array {
  const parts = [
    ...input("column_sine", ["first", 1, "columns"]),
    ...input("column_cosine", ["first", 1, "columns"]),
    ...input("row_sine", ["first", "rows", 1]),
    ...input("row_cosine", ["first", "rows", 1]),
    // sin(A + B) = sin A cos B + cos A sin B
    ...node("Mul", ["column_sine", "row_cosine"], "upper"),
    ...node("Mul", ["column_cosine", "row_sine"], "lower"),
    ...node("Add", ["upper", "lower"], "grid"),
    ...node("Flatten", ["grid"], "hidden0", integerAttribute("axis", 1)),
  ];
  for (let l = 0; l < denseLayers; l++) {
    parts.push(
      ...input(`weights${l}`, [`outputs${l}`, `inputs${l}`]),
      ...input(`bias${l}`, [`outputs${l}`, 1]),
      ...node("Gemm", [`weights${l}`, `hidden${l}`, `bias${l}`], `phase${l}`),
      ...node("Sin", [`phase${l}`], `hidden${l + 1}`),
    );
  }
  return model([
    ...parts,
    ...input("head", [3, "width"]),
    ...input("head_bias", [3, 1]),
    ...node("Gemm", ["head", `hidden${denseLayers}`, "head_bias"], "samples"),
    ...output("samples", [3, "points"]),
  ]);
}
