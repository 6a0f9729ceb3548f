import { dequantize, type QuantizationSpec, type QuantizedArray, specFromJson } from '@bitwright/core';
import {
  type Attribute,
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  stringAttribute,
  stringsAttribute,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import { checkHeader } from './check-header';
import { unpackCodes } from './pack-codes';
import { malformed, openPacked } from './packed-container';
import type { PackedAttribute, PackedHeader, PackedNode, PackedSection, PackedTensor } from './packed-header';

/** A packed model, its sections as views into the file: nothing is copied until it is asked for. */
export interface PackedModel {
  readonly header: PackedHeader;
  readonly spec: QuantizationSpec;
  /** The stored bytes of a section. */
  readonly section: (section: PackedSection) => Uint8Array;
  /** The codes of a quantized constant, one per entry. */
  readonly codes: (name: string) => QuantizedArray;
  /** The float network again; weights have the values of their codes. */
  readonly toOnnx: () => Model;
}

/**
 * Reads a packed model from bytes, such as those of a file mapped into memory.
 *
 * @throws {ModelFormatError} when it is no packed model or a section points outside the file
 */
export function readPacked(bytes: Uint8Array): PackedModel {
  const container = openPacked(bytes);
  const header = checkHeader(container.header);
  const { data } = container;
  const section = ({ offset, length }: PackedSection): Uint8Array => {
    const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
    if (!isInside || offset + length > data.length) {
      throw malformed(`sections within ${data.length} bytes`, `${offset} + ${length}`);
    }
    return data.subarray(offset, offset + length);
  };
  const tensorNamed = (name: string): PackedTensor => {
    const tensor = Object.hasOwn(header.tensors, name) ? header.tensors[name] : undefined;
    if (tensor === undefined) throw malformed(`a tensor "${name}"`, 'none');
    return tensor;
  };
  const codes = (name: string): QuantizedArray => {
    const tensor = tensorNamed(name);
    if (tensor.codes === undefined) throw malformed(`codes of "${name}"`, tensor.type);
    return unpackCodes(section(tensor.data), tensor.codes, tensor.shape);
  };
  const spec = specFromJson(header.spec);
  return Object.freeze({
    header,
    spec,
    section,
    codes,
    toOnnx: () => modelOf(header, (name, tensor) => realTensor(name, tensor, spec, section, codes)),
  });
}

// — internals —

function realTensor(
  name: string,
  tensor: PackedTensor,
  spec: QuantizationSpec,
  section: PackedModel['section'],
  codes: PackedModel['codes'],
): Tensor {
  const { shape, type } = tensor;
  if (type === 'codes') {
    const quantization = spec.tensors[name];
    if (quantization === undefined) throw malformed(`parameters of "${name}"`, 'none in the spec');
    const values = dequantize(codes(name), shape, quantization.scheme, quantization.qparams);
    return tensorFromArray(name, DataType.FLOAT, shape, values);
  }
  const buffer = section(tensor.data).slice().buffer;
  if (type === 'float32') return tensorFromArray(name, DataType.FLOAT, shape, new Float32Array(buffer));
  if (type === 'int32') return tensorFromArray(name, DataType.INT32, shape, new Int32Array(buffer));
  if (type === 'int64') return tensorFromArray(name, DataType.INT64, shape, new BigInt64Array(buffer));
  return tensorFromArray(name, DataType.BOOL, shape, new Uint8Array(buffer));
}

function modelOf(header: PackedHeader, tensorOf: (name: string, tensor: PackedTensor) => Tensor): Model {
  const value = ({ name, type, shape }: PackedHeader['inputs'][number]) => createValueInfo(name, type, shape);
  return createModel({
    irVersion: 8,
    opsets: { '': header.opset },
    graph: createGraph({
      name: 'packed',
      nodes: header.nodes.map(nodeOf),
      inputs: header.inputs.map(value),
      outputs: header.outputs.map(value),
      initializers: Object.entries(header.tensors).map(([name, tensor]) => tensorOf(name, tensor)),
    }),
  });
}

function nodeOf({ name, operator, domain, inputs, outputs, attributes }: PackedNode): Node {
  return createNode({
    opType: operator,
    name,
    domain,
    inputs,
    outputs,
    attributes: Object.entries(attributes).map(([key, attribute]) => attributeOf(key, attribute)),
  });
}

function attributeOf(name: string, attribute: PackedAttribute): Attribute {
  switch (attribute.kind) {
    case 'int':
      return intAttribute(name, attribute.value);
    case 'float':
      return floatAttribute(name, attribute.value);
    case 'text':
      return stringAttribute(name, attribute.value);
    case 'ints':
      return intsAttribute(name, attribute.value);
    case 'floats':
      return floatsAttribute(name, attribute.value);
    case 'texts':
      return stringsAttribute(name, attribute.value);
  }
}
