import type { DumpType } from '../weight-dump/dump-tensors';

const descriptors: Readonly<Record<DumpType, string>> = {
  float32: '<f4',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  int64: '<i8',
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const prefixLength = 10;

/** Header of a .npy file, version 1.0: padded so that data begin at a multiple of 64 bytes. */
export function npyHeader(type: DumpType, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descriptors[type]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((prefixLength + text.length + 1) / 64) * 64;
  const header = new Uint8Array(total).fill(0x20);
  header.set([...magic, 1, 0], 0);
  new DataView(header.buffer).setUint16(8, total - prefixLength, true);
  header.set(new TextEncoder().encode(text), prefixLength);
  header[total - 1] = 0x0a;
  return header;
}

/** Type, shape and start of the data; undefined when the bytes are no .npy file of a type written here. */
export function readNpyHeader(
  bytes: Uint8Array,
): { readonly type: DumpType; readonly shape: readonly number[]; readonly start: number } | undefined {
  const isNpy = bytes.length >= prefixLength && magic.every((byte, i) => bytes[i] === byte) && bytes[6] === 1;
  if (!isNpy) return undefined;
  const start = prefixLength + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const text = new TextDecoder().decode(bytes.subarray(prefixLength, start));
  const match = /^\{'descr': '(.{3})', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(text);
  const type = (Object.keys(descriptors) as DumpType[]).find((key) => descriptors[key] === match?.[1]);
  if (match === null || type === undefined) return undefined;
  const shape = (match[2] ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  return { type, shape, start };
}
