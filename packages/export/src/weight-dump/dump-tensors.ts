import {
  elementCount,
  type PlanProblem,
  pack,
  type QuantizationSpec,
  type QuantizedArray,
  quantize,
  specToJson,
  type TensorQuantization,
} from '@bitwright/core';
import { DataType, type GraphIndex, type Tensor, tensorToArray, tensorToFloat32 } from '@bitwright/onnx';
import { specTensors, tensorPlace } from '../spec-tensors';

/** Element types both containers have. */
export type DumpType = 'float32' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'int64';

/** One array of a dump; its bytes are made when they are written. */
export interface DumpTensor {
  readonly name: string;
  readonly type: DumpType;
  readonly shape: readonly number[];
  readonly data: () => Uint8Array;
}

export const dumpBytes: Readonly<Record<DumpType, number>> = {
  float32: 4,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
};

/** Name of the array that holds the spec as UTF-8 JSON. */
export const specName = 'bitwright.spec';

/**
 * All weights of a quantized network:
 *
 *   <tensor>               codes of a quantized constant; 4 and 2 bits packed, low bits first, flat (one axis of bytes)
 *   <tensor>.scale         float32, one per parameter; of activations too
 *   <tensor>.zero_point    int32, likewise
 *   <other constant>       as it is: float32, int32 or int64
 */
export function dumpTensors(spec: QuantizationSpec, index: GraphIndex): readonly DumpTensor[] {
  const quantized = specTensors(spec, index);
  const codes = quantized.flatMap(({ name, quantization }): DumpTensor[] => {
    const tensor = index.initializer(name);
    return tensor === undefined ? [] : [codesOf(tensor, quantization)];
  });
  const parameters = quantized.flatMap(({ name, quantization: { qparams } }): DumpTensor[] => [
    array(`${name}.scale`, 'float32', [qparams.scale.length], () => qparams.scale),
    array(`${name}.zero_point`, 'int32', [qparams.zeroPoint.length], () => qparams.zeroPoint),
  ]);
  const known = new Set(quantized.map(({ name }) => name));
  const others = index.graph.initializer.filter((tensor) => !known.has(tensor.name)).flatMap(plainArray);
  return [...codes, ...parameters, ...others];
}

/** Arrays whose names another one has already: a constant called `x.scale` beside a quantized `x`. */
export function dumpProblems(tensors: readonly DumpTensor[]): readonly PlanProblem[] {
  const seen = new Set<string>();
  return tensors.flatMap(({ name }): PlanProblem[] => {
    const isTaken = seen.has(name) || name === specName;
    seen.add(name);
    return isTaken ? [{ where: tensorPlace(name), expected: 'a name of its own', received: 'one that is taken' }] : [];
  });
}

/** The spec as bytes, to be stored beside the arrays. */
export function specBytes(spec: QuantizationSpec): Uint8Array {
  return new TextEncoder().encode(specToJson(spec));
}

// — internals —

function codesOf(tensor: Tensor, { scheme, qparams }: TensorQuantization): DumpTensor {
  const shape = tensor.dims.map(Number);
  const { dtype } = scheme;
  const codes = (): QuantizedArray => quantize({ data: tensorToFloat32(tensor), shape }, scheme, qparams);
  if (dtype.bits === 1 || dtype.bits === 2 || dtype.bits === 4) {
    const count = elementCount(shape);
    const bytes = Math.ceil((count * dtype.bits) / 8);
    return { name: tensor.name, type: 'uint8', shape: [bytes], data: () => pack(codes(), dtype) };
  }
  const width = dtype.bits <= 8 ? 8 : dtype.bits <= 16 ? 16 : 32;
  return array(tensor.name, `${dtype.signed ? 'int' : 'uint'}${width}` as DumpType, shape, codes);
}

function plainArray(tensor: Tensor): DumpTensor[] {
  const types: Readonly<Record<number, DumpType>> = {
    [DataType.FLOAT]: 'float32',
    [DataType.INT32]: 'int32',
    [DataType.INT64]: 'int64',
  };
  const type = types[tensor.dataType];
  return type === undefined ? [] : [array(tensor.name, type, tensor.dims.map(Number), () => tensorToArray(tensor))];
}

function array(name: string, type: DumpType, shape: readonly number[], values: () => ArrayBufferView): DumpTensor {
  return {
    name,
    type,
    shape,
    data: () => {
      const { buffer, byteOffset, byteLength } = values();
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}
