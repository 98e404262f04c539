import protobuf from "protobufjs";

/*
 * The part of onnx.proto (ONNX IR version 8) that training graphs use, with the field numbers of the format.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const field = (type: string, id: number) => ({ type, id });
const list = (type: string, id: number) => ({ rule: "repeated", type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    OperatorSetId: { fields: { domain: field("string", 1), version: field("int64", 2) } },
    Dimension: { fields: { dimValue: field("int64", 1), dimParam: field("string", 2) } },
    Shape: { fields: { dim: list("Dimension", 1) } },
    TensorType: { fields: { elemType: field("int32", 1), shape: field("Shape", 2) } },
    Type: { fields: { tensorType: field("TensorType", 1) } },
    ValueInfo: { fields: { name: field("string", 1), type: field("Type", 2) } },
    TensorData: {
      fields: {
        dims: list("int64", 1),
        dataType: field("int32", 2),
        name: field("string", 8),
        rawData: field("bytes", 9),
      },
    },
    Attribute: {
      fields: {
        name: field("string", 1),
        i: field("int64", 3),
        t: field("TensorData", 5),
        g: field("GraphDefinition", 6),
        ints: list("int64", 8),
        type: field("int32", 20),
      },
    },
    NodeDefinition: {
      fields: {
        input: list("string", 1),
        output: list("string", 2),
        name: field("string", 3),
        opType: field("string", 4),
        attribute: list("Attribute", 5),
      },
    },
    GraphDefinition: {
      fields: {
        node: list("NodeDefinition", 1),
        name: field("string", 2),
        initializer: list("TensorData", 5),
        input: list("ValueInfo", 11),
        output: list("ValueInfo", 12),
      },
    },
    Model: {
      fields: {
        irVersion: field("int64", 1),
        producerName: field("string", 2),
        graph: field("GraphDefinition", 7),
        opsetImport: list("OperatorSetId", 8),
      },
    },
  },
});

const Model = root.lookupType("Model");

/** Values of AttributeProto.type. */
export const ATTRIBUTE = { int: 2, tensor: 4, graph: 5, ints: 7 } as const;
/** Values of TensorProto.DataType. */
export const DATA_TYPE = { float32: 1, uint8: 2, int64: 7, bool: 9, float16: 10 } as const;

/** TensorProto: a constant. */
export interface OnnxTensor {
  dims: number[];
  dataType: number;
  name?: string;
  rawData: Uint8Array;
}

/** AttributeProto. */
export interface OnnxAttribute {
  name: string;
  type: number;
  i?: number;
  ints?: readonly number[];
  t?: OnnxTensor;
  g?: OnnxGraph;
}

/** NodeProto. */
export interface OnnxNode {
  input: string[];
  output: string[];
  opType: string;
  attribute: OnnxAttribute[];
}

/** ValueInfoProto: name, type and shape of an input or output. */
export interface OnnxValueInfo {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: ({ dimValue: number } | { dimParam: string })[] } } };
}

/** GraphProto. */
export interface OnnxGraph {
  name: string;
  node: OnnxNode[];
  initializer: OnnxTensor[];
  input: OnnxValueInfo[];
  output: OnnxValueInfo[];
}

/** Encodes a graph of standard operators (opset 17) as an .onnx file. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const model = { irVersion: 8, producerName: "siedd", graph, opsetImport: [{ domain: "", version: 17 }] };
  return Model.encode(Model.fromObject(model)).finish();
}

/** Decodes an .onnx file that `encodeModel` wrote. int64 values become numbers. */
export function decodeModel(model: Uint8Array): OnnxGraph {
  return Model.toObject(Model.decode(model), { longs: Number, arrays: true }).graph;
}
