import type { PaperNetwork } from "../../network/definition.js";
import { input, integerAttribute, model, node, output, scalar } from "../../onnx/graph.js";

/**
 * Returns the ONNX model of a paper network. It computes the hidden features once for all heads. Weights are inputs,
 * so that one session serves every group.
 *
 * Inputs: `position` [2, points]; `weights{l}` [out, in] and `bias{l}` [out, 1] per sine layer, with omega multiplied
 * in, encoder first; `heads` [outputs, width] and `head_bias` [outputs, 1]. Output: `samples` [outputs, points].
 */
export function paperDecodingModel(network: PaperNetwork): Uint8Array {
  const layers = network.encoderLayers + network.hiddenLayers;
  const nodes: number[] = [];
  const constants: number[] = [];
  const features = ["position"];
  for (let k = 0; k < network.frequencies; k++) {
    constants.push(...scalar(`factor${k}`, 2 ** k * Math.PI));
    nodes.push(...node("Mul", ["position", `factor${k}`], `angle${k}`));
    nodes.push(...node("Sin", [`angle${k}`], `sine${k}`), ...node("Cos", [`angle${k}`], `cosine${k}`));
    features.push(`sine${k}`, `cosine${k}`);
  }
  nodes.push(...node("Concat", features, "hidden0", integerAttribute("axis", 0)));
  const inputs = input("position", [2, "points"]);
  for (let l = 0; l < layers; l++) {
    nodes.push(...node("Gemm", [`weights${l}`, `hidden${l}`, `bias${l}`], `phase${l}`));
    nodes.push(...node("Sin", [`phase${l}`], `hidden${l + 1}`));
    const layerInputs = l === 0 ? 2 + 4 * network.frequencies : network.width;
    inputs.push(...input(`weights${l}`, [network.width, layerInputs]));
    inputs.push(...input(`bias${l}`, [network.width, 1]));
  }
  nodes.push(...node("Gemm", ["heads", `hidden${layers}`, "head_bias"], "samples"));
  inputs.push(...input("heads", ["outputs", network.width]), ...input("head_bias", ["outputs", 1]));
  return model([...nodes, ...constants, ...inputs, ...output("samples", ["outputs", "points"])]);
}
