import { clone, create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TensorProtoSchema } from '../generated/onnx_pb';
import { DataType, type DataTypeInfo, dataTypeInfo, dataTypes } from './data-type';
import { packBits, unpackBits } from './packed-bits';
import { arrayLayout, type TensorArray } from './tensor-array';
import { tensorFromArray, tensorFromFloat32, tensorFromStrings } from './tensor-from-array';
import { DataLocation } from './tensor-payload';
import { tensorByteLength, tensorElementCount } from './tensor-size';
import { tensorToArray, tensorToBytes, tensorToStrings } from './tensor-to-array';
import { tensorToFloat32 } from './tensor-to-float32';

const numericTypes = dataTypes.filter((info) => info.kind !== 'string');

/** Random array of a data type, any bit pattern its elements may have. */
function arrayOf(info: DataTypeInfo, bytes: Uint8Array, count: number): TensorArray {
  if (info.bits < 8) return unpackBits(bytes, count, info.bits as 2 | 4, info.kind === 'int');
  const layout = arrayLayout(info.dataType)!;
  const entries = count * layout.entriesPerElement;
  const array = layout.view(bytes.slice(0, entries * layout.bytesPerEntry).buffer, 0, entries);
  return info.kind === 'bool' ? (array as Uint8Array).map((value) => value & 1) : array;
}

describe('tensorFromArray and tensorToArray', () => {
  it.each(numericTypes)('$name survives the way through raw_data, aligned or not', (info) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.uint8Array({ minLength: 160, maxLength: 160 }), (count, noise) => {
        const array = arrayOf(info, noise, count);
        const tensor = tensorFromArray('t', info.dataType, [count], array);
        expect(tensor.rawData.length).toBe(tensorByteLength(tensor));
        const shifted = new Uint8Array(tensor.rawData.length + 1);
        shifted.set(tensor.rawData, 1);
        for (const rawData of [tensor.rawData, shifted.subarray(1)]) {
          const moved = clone(TensorProtoSchema, tensor);
          moved.rawData = rawData;
          const back = tensorToArray(moved);
          expect(back.constructor).toBe(array.constructor);
          expect(new Uint8Array(back.buffer, back.byteOffset, back.byteLength)).toEqual(
            new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
          );
        }
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it.each(numericTypes)('$name reads the same from its typed field as from raw_data', (info) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.uint8Array({ minLength: 160, maxLength: 160 }), (count, noise) => {
        const finite = noise.map((byte) => byte & 0x3f);
        const array = arrayOf(info, finite, count);
        const raw = tensorFromArray('t', info.dataType, [count], array);
        const packed = info.bits < 8 ? raw.rawData : array;
        const isBig = info.typedField === 'int64Data' || info.typedField === 'uint64Data';
        const values = Array.from(packed as ArrayLike<number | bigint>, (value) => (isBig ? BigInt(value) : value));
        const typed = create(TensorProtoSchema, { dims: [BigInt(count)], dataType: info.dataType });
        Reflect.set(typed, info.typedField, values);
        expect(tensorToArray(typed)).toEqual(tensorToArray(raw));
        expect(tensorToBytes(typed)).toEqual(raw.rawData);
      }),
      { seed: 11, numRuns: 20 },
    );
  });

  it('reads external bytes through the reader and demands their exact length', () => {
    const tensor = tensorFromArray('w', DataType.FLOAT, [2], new Float32Array([1, 2]));
    const bytes = tensor.rawData;
    const external = create(TensorProtoSchema, {
      name: 'w',
      dims: [2n],
      dataType: DataType.FLOAT,
      dataLocation: DataLocation.EXTERNAL,
    });
    expect(tensorToArray(external, () => bytes)).toEqual(new Float32Array([1, 2]));
    expect(() => tensorToArray(external)).toThrow('received external data');
    expect(() => tensorToArray(external, () => bytes.subarray(1))).toThrow('to have 8 bytes');
  });

  it('reads strings from string_data', () => {
    expect(tensorToStrings(tensorFromStrings('s', [2], ['a', 'ü€']))).toEqual(['a', 'ü€']);
    expect(() => tensorToArray(tensorFromStrings('s', [1], ['a']))).toThrow('Use tensorToStrings');
  });

  it('accepts no payload only for zero elements', () => {
    expect(tensorToArray(create(TensorProtoSchema, { dims: [0n, 3n], dataType: DataType.INT64 }))).toEqual(
      new BigInt64Array(0),
    );
    expect(() => tensorToArray(create(TensorProtoSchema, { dims: [3n], dataType: DataType.FLOAT }))).toThrow(
      'a payload of 3 elements, received none',
    );
  });
});

describe('payload rules', () => {
  const float2 = { name: 'w', dims: [2n], dataType: DataType.FLOAT };

  it.each([
    [
      'raw_data too short',
      { ...float2, rawData: new Uint8Array(7) },
      'to have 8 bytes (dims [2] of float), received 7',
    ],
    ['raw_data too long', { ...float2, rawData: new Uint8Array(9) }, 'received 9 bytes'],
    ['raw and typed payload', { ...float2, rawData: new Uint8Array(8), floatData: [1, 2] }, 'both raw and floatData'],
    ['two typed payloads', { ...float2, floatData: [1, 2], int32Data: [1] }, 'both floatData and int32Data'],
    ['a typed field of another type', { ...float2, int32Data: [1, 2] }, 'elements of float in raw_data or floatData'],
    ['too few typed entries', { ...float2, floatData: [1] }, '2 entries in floatData, received 1'],
    ['a typed value out of range', { dims: [1n], dataType: DataType.UINT8, int32Data: [300] }, '300 at index 0'],
    ['a packed byte out of range', { dims: [2n], dataType: DataType.INT4, int32Data: [256] }, '256 at index 0'],
    ['raw strings', { dims: [1n], dataType: DataType.STRING, rawData: new Uint8Array(1) }, 'numeric elements'],
    ['external and raw', { ...float2, rawData: new Uint8Array(8), dataLocation: 1 }, 'both external and raw'],
    ['an unknown data location', { ...float2, rawData: new Uint8Array(8), dataLocation: 7 }, 'received 7'],
    ['an unknown data type', { dims: [1n], dataType: 99, rawData: new Uint8Array(1) }, 'a data type from 1 to 26'],
    ['a negative size', { dims: [-1n], dataType: DataType.INT8 }, 'size from 0 to 2^53 − 1, received -1'],
    ['a size above 2^53', { dims: [2n ** 60n], dataType: DataType.INT8 }, 'received 1152921504606846976'],
    ['a product above 2^53', { dims: [2n ** 40n, 2n ** 40n], dataType: DataType.INT8 }, 'at most 2^53 − 1 elements'],
    ['a product that wraps at 2^64', { dims: [2n ** 32n, 2n ** 32n], dataType: DataType.INT8 }, 'at most 2^53'],
  ])('refuses %s', (_, fields, message) => {
    expect(() => tensorToArray(create(TensorProtoSchema, fields))).toThrow(message);
  });

  it('counts a scalar as one element and survives a million axes', () => {
    expect(tensorElementCount(create(TensorProtoSchema, { dataType: 1 }))).toBe(1);
    const dims = new Array<bigint>(1_000_000).fill(2n ** 50n);
    expect(() => tensorElementCount(create(TensorProtoSchema, { dims }))).toThrow('at most 2^53 − 1 elements');
  });
});

describe('tensorFromArray', () => {
  it.each([
    ['the wrong class', () => tensorFromArray('t', DataType.INT8, [1], new Uint8Array(1)), 'Int8Array for int8'],
    ['the wrong length', () => tensorFromArray('t', DataType.INT8, [3], new Int8Array(2)), '3 entries for tensor "t"'],
    ['a negative size', () => tensorFromArray('t', DataType.INT8, [-1], new Int8Array(1)), 'non-negative integer dims'],
    ['a value beyond int4', () => tensorFromArray('t', DataType.INT4, [1], new Int8Array([8])), 'from -8 to 7'],
    ['a value beyond uint2', () => tensorFromArray('t', DataType.UINT2, [1], new Uint8Array([4])), 'from 0 to 3'],
    ['a bool of 2', () => tensorFromArray('t', DataType.BOOL, [1], new Uint8Array([2])), 'bool values 0 or 1'],
  ])('refuses %s', (_, build, message) => {
    expect(build).toThrow(message);
  });

  it('copies the array', () => {
    const array = new Int8Array([1, 2]);
    const tensor = tensorFromArray('t', DataType.INT8, [2], array);
    array[0] = 9;
    expect(tensorToArray(tensor)).toEqual(new Int8Array([1, 2]));
  });
});

describe('packed bits', () => {
  // Bytes and values as the ONNX reference implementation (onnx 1.23) and onnxruntime 1.30 read them.
  it.each([
    [4, false, [0x21, 0x83, 0x0f], [1, 2, 3, 8, 15]],
    [4, true, [0x21, 0x83, 0x0f], [1, 2, 3, -8, -1]],
    [2, false, [0xe4, 0x01], [0, 1, 2, 3, 1]],
    [2, true, [0xe4, 0x01], [0, 1, -2, -1, 1]],
  ] as const)('%s bits, signed %s, follow the ONNX order', (bits, signed, bytes, values) => {
    expect([...unpackBits(Uint8Array.from(bytes), 5, bits, signed)]).toEqual(values);
    expect([...packBits(values, bits, signed)]).toEqual(bytes);
  });
});

describe('tensorToFloat32', () => {
  it.each(numericTypes.filter((info) => info.kind === 'float'))('$name brings its own values back', (info) => {
    const values = new Float32Array([0.5, 1, 2, 4]);
    const tensor = tensorFromFloat32('t', info.dataType, [4], values);
    expect(tensor.dataType).toBe(info.dataType);
    expect(tensorToFloat32(tensor)).toEqual(values);
  });

  it('converts integers and bool', () => {
    expect(tensorToFloat32(tensorFromArray('t', DataType.INT64, [2], new BigInt64Array([-3n, 4n])))).toEqual(
      new Float32Array([-3, 4]),
    );
    expect(tensorToFloat32(tensorFromArray('t', DataType.INT4, [2], new Int8Array([-8, 7])))).toEqual(
      new Float32Array([-8, 7]),
    );
    expect(tensorToFloat32(tensorFromArray('t', DataType.BOOL, [2], new Uint8Array([1, 0])))).toEqual(
      new Float32Array([1, 0]),
    );
  });

  it('refuses complex numbers, and tensorFromFloat32 refuses integers', () => {
    const complex = tensorFromArray('t', DataType.COMPLEX64, [1], new Float32Array(2));
    expect(() => tensorToFloat32(complex)).toThrow('real elements, received complex64');
    expect(() => tensorFromFloat32('t', DataType.INT8, [1], new Float32Array(1))).toThrow('Quantize first');
  });
});

describe('data types', () => {
  it('lists numbers 1 to 26 without a gap', () => {
    expect(dataTypes.map((info) => info.dataType)).toEqual(Array.from({ length: 26 }, (_, i) => i + 1));
    expect(dataTypeInfo(DataType.INT2)).toMatchObject({ name: 'int2', bits: 2, kind: 'int' });
  });
});
