/*
 * Graphs as the bytes of an .onnx file (ONNX IR version 8, opset 17), written directly in the protobuf wire
 * format: field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
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

/** One operator; `attributes`: of integerAttribute. */
export const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Message = [],
): number[] =>
  message(1, [...inputs.flatMap((name) => text(1, name)), ...text(2, output), ...text(4, op), ...attributes]);

export const integerAttribute = (name: string, value: number): number[] =>
  message(5, [...text(1, name), ...number(3, value), ...number(20, ATTRIBUTE_INT)]);

/** Sides of a tensor; one that differs from run to run has a name instead of a length. */
type Sides = readonly (number | string)[];

function value(field: number, name: string, sides: Sides): number[] {
  const shape = sides.flatMap((side) =>
    message(1, typeof side === "number" ? number(1, side) : text(2, side)),
  );
  const type = message(1, [...number(1, FLOAT), ...message(2, shape)]);
  return message(field, [...text(1, name), ...message(2, type)]);
}

/** A constant of one element. */
export function scalar(name: string, constant: number): number[] {
  const data = [...new Uint8Array(Float32Array.of(constant).buffer)];
  return message(5, [...number(1, 1), ...number(2, FLOAT), ...text(8, name), ...message(9, data)]);
}

/** A named tensor of floats that every run is given. */
export const input = (name: string, sides: Sides): number[] => value(11, name, sides);

/** A named tensor of floats that every run gives. */
export const output = (name: string, sides: Sides): number[] => value(12, name, sides);

/** The file of a graph of these parts. */
export function model(parts: Message): Uint8Array {
  const graph = [...parts, ...text(2, "decoder")];
  return Uint8Array.from([...number(1, 8), ...message(7, graph), ...message(8, number(2, 17))]);
}
