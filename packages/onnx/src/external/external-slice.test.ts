import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type TensorProto, TensorProtoSchema } from '../generated/onnx_pb';
import { DataType } from '../tensor/data-type';
import { externalSlice } from './external-slice';

/** External float tensor of 4 elements (16 bytes) with the given entries. */
function external(entries: Readonly<Record<string, string>> | readonly (readonly [string, string])[]): TensorProto {
  const pairs = Array.isArray(entries) ? entries : Object.entries(entries);
  return create(TensorProtoSchema, {
    name: 'w',
    dims: [4n],
    dataType: DataType.FLOAT,
    dataLocation: 1,
    externalData: pairs.map(([key, value]) => ({ key, value })),
  });
}

describe('externalSlice', () => {
  it('reads location, offset and length', () => {
    expect(externalSlice(external({ location: 'w.bin', offset: '4096', length: '16' }))).toEqual({
      segments: ['w.bin'],
      offset: 4096,
      byteLength: 16,
      checksum: undefined,
      unknownKeys: [],
    });
  });

  it('takes offset 0 and the bytes of the tensor when they are not written, and reports unknown keys', () => {
    const slice = externalSlice(external({ location: 'w.bin', basepath: '/', __proto__x: '1' }));
    expect(slice).toMatchObject({ offset: 0, byteLength: 16, unknownKeys: ['basepath', '__proto__x'] });
  });

  it.each([
    ['w.bin', ['w.bin']],
    ['./w.bin', ['w.bin']],
    ['sub/w.bin', ['sub', 'w.bin']],
    ['sub/../w.bin', ['w.bin']],
    ['onnx::MatMul_1', ['onnx::MatMul_1']],
    ['..data', ['..data']],
  ])('accepts the location %s', (location, segments) => {
    expect(externalSlice(external({ location })).segments).toEqual(segments);
  });

  it.each([
    ['nothing', '', 'an empty path'],
    ['the folder itself', '.', 'which names no file'],
    ['a parent folder', '../w.bin', 'which leaves the folder'],
    ['a hidden parent folder', 'a/../../w.bin', 'which leaves the folder'],
    ['a parent folder that comes back', '../model/w.bin', 'which leaves the folder'],
    ['an absolute path', '/etc/passwd', 'an absolute path'],
    ['a drive letter', 'C:/w.bin', 'a drive letter'],
    ['a drive-relative path', 'C:w.bin', 'a drive letter'],
    ['a backslash', '..\\w.bin', 'a backslash'],
    ['a network path', '\\\\host\\share\\w.bin', 'a backslash'],
    ['a NUL byte', 'w.bin\0.png', 'a NUL byte'],
    ['a memory address', '*/_ORT_MEM_ADDR_/*', 'an in-memory marker'],
  ])('refuses %s as location', (_, location, message) => {
    expect(() => externalSlice(external({ location }))).toThrow(message);
  });

  it.each([
    ['-1', 'decimal offset'],
    ['+1', 'decimal offset'],
    ['1e3', 'decimal offset'],
    ['0x10', 'decimal offset'],
    ['010', 'decimal offset'],
    [' 1', 'decimal offset'],
    ['', 'decimal offset'],
    ['1.5', 'decimal offset'],
    ['9007199254740993', 'decimal offset'],
    ['18446744073709551616', 'decimal offset'],
    ['9007199254740991', 'offset + length below 2^53'],
  ])('refuses offset %j', (offset, message) => {
    expect(() => externalSlice(external({ location: 'w.bin', offset }))).toThrow(message);
  });

  it.each(['-16', '15', '17', '9007199254740993', '99999999999999999999', '1e1'])('refuses length %j', (length) => {
    expect(() => externalSlice(external({ location: 'w.bin', length }))).toThrow(/length/);
  });

  it('refuses dims whose product overflows, whatever the length says', () => {
    const tensor = external({ location: 'w.bin', length: '0' });
    tensor.dims = [2n ** 32n, 2n ** 32n];
    expect(() => externalSlice(tensor)).toThrow('at most 2^53 − 1 elements');
  });

  it('refuses a missing location, doubled keys, malformed checksums and strings', () => {
    expect(() => externalSlice(external({ offset: '0' }))).toThrow('an external_data location, received none');
    const doubled = [
      ['location', 'a'],
      ['location', 'b'],
    ] as const;
    expect(() => externalSlice(external(doubled))).toThrow('"location" twice');
    expect(() => externalSlice(external({ location: 'a', checksum: 'zz' }))).toThrow('40 hexadecimal digits');
    const strings = external({ location: 'a' });
    strings.dataType = DataType.STRING;
    expect(() => externalSlice(strings)).toThrow('a data type of fixed size');
  });
});
