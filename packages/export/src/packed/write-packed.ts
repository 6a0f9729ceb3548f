import { type QuantizationSpec, quantize, specToJson, type TensorQuantization } from '@bitwright/core';
import {
  type Attribute,
  AttributeType,
  DataType,
  type GraphIndex,
  type Node,
  type Tensor,
  tensorToArray,
  tensorToFloat32,
  type ValueInfo,
} from '@bitwright/onnx';
import { crc32 } from '../npz/crc32';
import { packCodes } from './pack-codes';
import { at, dataAlignment, fixedBytes, magic, packedVersion, sectionAlignment } from './packed-container';
import type {
  PackedAttribute,
  PackedHeader,
  PackedNode,
  PackedSection,
  PackedTensor,
  PackedValue,
} from './packed-header';

/** A network and its spec as the bytes of one packed model. */
export function writePacked(spec: QuantizationSpec, index: GraphIndex, opset: number): Uint8Array {
  const sections = sectionList();
  const tensors = index.graph.initializer.map((tensor): [string, PackedTensor] => [
    tensor.name,
    packTensor(tensor, Object.hasOwn(spec.tensors, tensor.name) ? spec.tensors[tensor.name] : undefined, sections),
  ]);
  const header: PackedHeader = {
    opset,
    inputs: index.inputs.map(packValue),
    outputs: index.outputs.map(packValue),
    nodes: index.nodes.map(packNode),
    tensors: Object.fromEntries(tensors),
    spec: specToJson(spec),
  };
  return assemble(new TextEncoder().encode(JSON.stringify(header)), sections);
}

/** Name of an attribute that the container cannot hold; undefined when it can hold all. */
export function unsupportedAttribute(node: Node): string | undefined {
  return node.attribute.find((attribute) => packAttribute(attribute) === undefined)?.name;
}

/** Whether a constant has a type the container holds. */
export function isPackable(tensor: Tensor): boolean {
  return plainTypes[tensor.dataType] !== undefined;
}

// — internals —

interface SectionList {
  readonly add: (bytes: Uint8Array) => PackedSection;
  readonly parts: readonly (PackedSection & { readonly bytes: Uint8Array })[];
}

function sectionList(): SectionList {
  const parts: (PackedSection & { readonly bytes: Uint8Array })[] = [];
  return {
    parts,
    add(bytes) {
      const last = parts.at(-1);
      const end = last === undefined ? 0 : last.offset + last.length;
      const offset = Math.ceil(end / sectionAlignment) * sectionAlignment;
      parts.push({ offset, length: bytes.length, bytes });
      return { offset, length: bytes.length };
    },
  };
}

const plainTypes: Readonly<Record<number, Exclude<PackedTensor['type'], 'codes'>>> = {
  [DataType.FLOAT]: 'float32',
  [DataType.INT32]: 'int32',
  [DataType.INT64]: 'int64',
  [DataType.BOOL]: 'bool',
};

function packTensor(tensor: Tensor, quantization: TensorQuantization | undefined, sections: SectionList): PackedTensor {
  const shape = tensor.dims.map(Number);
  if (quantization === undefined) {
    const type = plainTypes[tensor.dataType] ?? 'float32';
    return { shape, type, data: sections.add(bytesOf(tensorToArray(tensor))) };
  }
  const { scheme, qparams } = quantization;
  const codes = quantize({ data: tensorToFloat32(tensor), shape }, scheme, qparams);
  const { bytes, ...form } = packCodes(codes, shape, quantization);
  return {
    shape,
    type: 'codes',
    codes: form,
    data: sections.add(bytes),
    scale: sections.add(bytesOf(qparams.scale)),
    zeroPoint: sections.add(bytesOf(qparams.zeroPoint)),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function packValue({ name, type }: ValueInfo): PackedValue {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  const shape = (tensor?.shape?.dim ?? []).map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : value.case === 'dimParam' ? value.value : '?',
  );
  return { name, type: tensor?.elemType ?? 0, shape };
}

function packNode(node: Node): PackedNode {
  const attributes = node.attribute.flatMap((attribute): [string, PackedAttribute][] => {
    const packed = packAttribute(attribute);
    return packed === undefined ? [] : [[attribute.name, packed]];
  });
  return {
    name: node.name,
    operator: node.opType,
    domain: node.domain,
    inputs: node.input,
    outputs: node.output,
    attributes: Object.fromEntries(attributes),
  };
}

/** undefined for what the JSON of the header cannot hold: Infinity, NaN, tensors, graphs. */
function packAttribute({ type, i, f, s, ints, floats, strings }: Attribute): PackedAttribute | undefined {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (type === AttributeType.INT) return { kind: 'int', value: Number(i) };
  if (type === AttributeType.FLOAT) return Number.isFinite(f) ? { kind: 'float', value: f } : undefined;
  if (type === AttributeType.STRING) return { kind: 'text', value: text(s) };
  if (type === AttributeType.INTS) return { kind: 'ints', value: ints.map(Number) };
  if (type === AttributeType.FLOATS) {
    return floats.every(Number.isFinite) ? { kind: 'floats', value: floats } : undefined;
  }
  if (type === AttributeType.STRINGS) return { kind: 'texts', value: strings.map(text) };
  return undefined;
}

function assemble(header: Uint8Array, { parts }: SectionList): Uint8Array {
  const start = Math.ceil((fixedBytes + header.length) / dataAlignment) * dataAlignment;
  const last = parts.at(-1);
  const length = last === undefined ? 0 : last.offset + last.length;
  const bytes = new Uint8Array(start + length);
  bytes.set(new TextEncoder().encode(magic));
  bytes.set(header, fixedBytes);
  for (const part of parts) bytes.set(part.bytes, start + part.offset);
  const view = new DataView(bytes.buffer);
  view.setUint32(at.version, packedVersion, true);
  view.setBigUint64(at.headerLength, BigInt(header.length), true);
  view.setBigUint64(at.dataStart, BigInt(start), true);
  view.setBigUint64(at.dataLength, BigInt(length), true);
  view.setUint32(at.headerCrc, crc32(header), true);
  view.setUint32(at.dataCrc, crc32(bytes.subarray(start)), true);
  return bytes;
}
