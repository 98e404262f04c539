/*
 * Builds .onnx files (ONNX IR version 8, opset 17) directly in the protobuf wire format. Field numbers are those
 * of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
const VARINT = 0;
const BYTES = 2;
const FLOAT = 1;
const ATTRIBUTE_INT = 2;

/** The concatenated fields of one message. */
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

/** Returns one node of a graph. `attributes` are the results of integerAttribute. */
export const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Message = [],
): number[] =>
  message(1, [...inputs.flatMap((name) => text(1, name)), ...text(2, output), ...text(4, op), ...attributes]);

/** Returns an attribute with an integer value. */
export const integerAttribute = (name: string, value: number): number[] =>
  message(5, [...text(1, name), ...number(3, value), ...number(20, ATTRIBUTE_INT)]);

/** Shape of a tensor. A dimension that differs between runs has a name instead of a size. */
type Shape = readonly (number | string)[];

function valueInfo(field: number, name: string, dimensions: Shape): number[] {
  const shape = dimensions.flatMap((dimension) =>
    message(1, typeof dimension === "number" ? number(1, dimension) : text(2, dimension)),
  );
  const type = message(1, [...number(1, FLOAT), ...message(2, shape)]);
  return message(field, [...text(1, name), ...message(2, type)]);
}

/** Returns a scalar float constant. */
export function scalar(name: string, constant: number): number[] {
  const data = [...new Uint8Array(Float32Array.of(constant).buffer)];
  return message(5, [...number(1, 1), ...number(2, FLOAT), ...text(8, name), ...message(9, data)]);
}

/** Returns a graph input, a named tensor of floats. */
export const input = (name: string, shape: Shape): number[] => valueInfo(11, name, shape);

/** Returns a graph output, a named tensor of floats. */
export const output = (name: string, shape: Shape): number[] => valueInfo(12, name, shape);

/** Serializes a model from the parts of its graph. */
export function model(parts: Message): Uint8Array {
  const graph = [...parts, ...text(2, "decoder")];
  return Uint8Array.from([...number(1, 8), ...message(7, graph), ...message(8, number(2, 17))]);
}
