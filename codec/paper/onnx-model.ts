import type { PaperNetwork } from "../network/definition.js";

/*
 * The decoder's graph as the bytes of an .onnx file (ONNX IR version 8, opset 17), written directly in the
 * protobuf wire format: field numbers are those of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Weights are inputs, so that one session serves
 * every group.
 */
const VARINT = 0;
const BYTES = 2;
const FLOAT = 1;
const ATTRIBUTE_INT = 2;

/** Concatenated fields of one message. */
type Message = readonly number[];

function varint(value: number): number[] {
  const out: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  return [...out, value];
}

const number = (field: number, value: number): number[] => [...varint(field * 8 + VARINT), ...varint(value)];

function message(field: number, contents: Message): number[] {
  return [...varint(field * 8 + BYTES), ...varint(contents.length), ...contents];
}

const text = (field: number, value: string): number[] => message(field, [...new TextEncoder().encode(value)]);

const node = (op: string, inputs: readonly string[], output: string, attributes: Message = []): number[] =>
  message(1, [...inputs.flatMap((name) => text(1, name)), ...text(2, output), ...text(4, op), ...attributes]);

const integerAttribute = (name: string, value: number): number[] =>
  message(5, [...text(1, name), ...number(3, value), ...number(20, ATTRIBUTE_INT)]);

/** A named float tensor; a side that differs from run to run has a name instead of a length. */
function value(field: number, name: string, sides: readonly (number | string)[]): number[] {
  const shape = sides.flatMap((side) =>
    message(1, typeof side === "number" ? number(1, side) : text(2, side)),
  );
  const type = message(1, [...number(1, FLOAT), ...message(2, shape)]);
  return message(field, [...text(1, name), ...message(2, type)]);
}

/** A constant of one element. */
function scalar(name: string, constant: number): number[] {
  const data = [...new Uint8Array(Float32Array.of(constant).buffer)];
  return message(5, [...number(1, 1), ...number(2, FLOAT), ...text(8, name), ...message(9, data)]);
}

/**
 * Inputs: `position` [2, points], a `weights{l}` [out, in] and `bias{l}` [out, 1] a sine layer, omega
 * multiplied in, encoder first; `heads` [outputs, width] and `head_bias` [outputs, 1]. Output: `samples`
 * [outputs, points]. The hidden features are computed once for all heads.
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
  const inputs = value(11, "position", [2, "points"]);
  for (let l = 0; l < layers; l++) {
    nodes.push(...node("Gemm", [`weights${l}`, `hidden${l}`, `bias${l}`], `phase${l}`));
    nodes.push(...node("Sin", [`phase${l}`], `hidden${l + 1}`));
    const before = l === 0 ? 2 + 4 * network.frequencies : network.width;
    inputs.push(...value(11, `weights${l}`, [network.width, before]));
    inputs.push(...value(11, `bias${l}`, [network.width, 1]));
  }
  nodes.push(...node("Gemm", ["heads", `hidden${layers}`, "head_bias"], "samples"));
  inputs.push(...value(11, "heads", ["outputs", network.width]), ...value(11, "head_bias", ["outputs", 1]));
  const outputs = value(12, "samples", ["outputs", "points"]);
  const graph = [...nodes, ...text(2, "decoder"), ...constants, ...inputs, ...outputs];
  return Uint8Array.from([...number(1, 8), ...message(7, graph), ...message(8, number(2, 17))]);
}
