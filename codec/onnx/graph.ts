/*
 * Builds .onnx files (ONNX IR version 8, opset 17) directly in the protobuf wire format. Field numbers are those
 * of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
// Wire types.
const VARINT = 0;
const BYTES = 2;
/** TensorProto.DataType.FLOAT. */
const FLOAT = 1;
/** AttributeProto.AttributeType.INT. */
const ATTRIBUTE_INT = 2;

/** The concatenated fields of one message. */
type Message = readonly number[];

function varint(value: number): number[] {
  const out: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  return [...out, value];
}

const varintField = (field: number, value: number): number[] => [
  ...varint(field * 8 + VARINT),
  ...varint(value),
];

function bytesField(field: number, contents: Message): number[] {
  return [...varint(field * 8 + BYTES), ...varint(contents.length), ...contents];
}

const stringField = (field: number, value: string): number[] =>
  bytesField(field, [...new TextEncoder().encode(value)]);

/** Returns one node of a graph. `attributes` are the results of integerAttribute. */
export const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Message = [],
): number[] =>
  bytesField(1, [
    ...inputs.flatMap((name) => stringField(1, name)),
    ...stringField(2, output),
    ...stringField(4, op),
    ...attributes,
  ]);

/** Returns an attribute with an integer value. */
export const integerAttribute = (name: string, value: number): number[] =>
  bytesField(5, [...stringField(1, name), ...varintField(3, value), ...varintField(20, ATTRIBUTE_INT)]);

/** Shape of a tensor. A dimension that differs between runs has a name instead of a size. */
type Shape = readonly (number | string)[];

function valueInfo(field: number, name: string, dimensions: Shape): number[] {
  const shape = dimensions.flatMap((dimension) =>
    bytesField(1, typeof dimension === "number" ? varintField(1, dimension) : stringField(2, dimension)),
  );
  const type = bytesField(1, [...varintField(1, FLOAT), ...bytesField(2, shape)]);
  return bytesField(field, [...stringField(1, name), ...bytesField(2, type)]);
}

/** Returns a scalar float constant. */
export function scalar(name: string, constant: number): number[] {
  const data = [...new Uint8Array(Float32Array.of(constant).buffer)];
  return bytesField(5, [
    ...varintField(1, 1),
    ...varintField(2, FLOAT),
    ...stringField(8, name),
    ...bytesField(9, data),
  ]);
}

/** Returns a graph input, a named tensor of floats. */
export const input = (name: string, shape: Shape): number[] => valueInfo(11, name, shape);

/** Returns a graph output, a named tensor of floats. */
export const output = (name: string, shape: Shape): number[] => valueInfo(12, name, shape);

/** Serializes a model from the parts of its graph. */
export function model(parts: Message): Uint8Array {
  const graph = [...parts, ...stringField(2, "decoder")];
  return Uint8Array.from([
    ...varintField(1, 8),
    ...bytesField(7, graph),
    ...bytesField(8, varintField(2, 17)),
  ]);
}
