import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeedType } from '@bitwright/ptq';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileSource, memorySource } from './byte-source';
import { bytesFromElements, createElements, elementBytes } from './element-type';
import { decodeNpy, encodeNpy, openNpy } from './npy';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitwright-npy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function npyBytes(header: string, data: Uint8Array = new Uint8Array(), version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const prefix = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(prefix + text.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  bytes.set(text, prefix);
  bytes.set(data, prefix + text.length);
  return bytes;
}

const types: FeedType[] = [
  'float32',
  'float64',
  'float16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
];

describe('decodeNpy', () => {
  it('gives back exactly what encodeNpy was given, for every type and shape', async () => {
    const tensor = fc
      .record({ type: fc.constantFrom(...types), dims: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }) })
      .chain(({ type, dims }) => {
        const bytes = dims.reduce((product, dim) => product * dim, 1) * elementBytes(type);
        return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw) => {
          const data = createElements(type, raw.length / elementBytes(type));
          new Uint8Array(data.buffer as ArrayBuffer).set(raw);
          return { type, dims, data };
        });
      });
    await fc.assert(
      fc.asyncProperty(tensor, async (expected) => {
        const decoded = await decodeNpy(encodeNpy(expected));
        expect(decoded.type).toBe(expected.type);
        expect(decoded.dims).toEqual(expected.dims);
        expect(bytesFromElements(decoded.data)).toEqual(bytesFromElements(expected.data));
      }),
      { numRuns: 200 },
    );
  });

  it('writes the header numpy writes', () => {
    const bytes = encodeNpy({ type: 'float32', dims: [2], data: Float32Array.of(1, 2) });
    const text = new TextDecoder('latin1').decode(bytes.subarray(10, 128));
    expect(text).toBe(`${"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(117)}\n`);
    expect(bytes.length).toBe(128 + 8);
  });

  it('reads big-endian elements', async () => {
    const header = "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n";
    const decoded = await decodeNpy(npyBytes(header, Uint8Array.of(0x01, 0x02, 0xff, 0xfe)));
    expect(decoded.data).toEqual(Int16Array.of(0x0102, -2));
  });

  it('reads format versions 2 and 3 and scalars', async () => {
    const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (), }";
    for (const version of [2, 3]) {
      const decoded = await decodeNpy(npyBytes(header, Uint8Array.of(7), version));
      expect(decoded).toEqual({ type: 'uint8', dims: [], data: Uint8Array.of(7) });
    }
  });

  it('transposes Fortran order to row-major', async () => {
    // [[0,1,2],[3,4,5]] stored column by column
    const header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }";
    const decoded = await decodeNpy(npyBytes(header, Uint8Array.of(0, 3, 1, 4, 2, 5)));
    expect(decoded.data).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5));
    const array = await openNpy(memorySource('f.npy', npyBytes(header, Uint8Array.of(0, 3, 1, 4, 2, 5))));
    expect(await array.readRows([1, 0])).toEqual([Uint8Array.of(3, 4, 5), Uint8Array.of(0, 1, 2)]);
  });
});

describe('openNpy', () => {
  it('reads chosen rows of a file by position', async () => {
    const path = join(folder, 'rows.npy');
    const data = Float32Array.from({ length: 40 }, (_, index) => index);
    await writeFile(path, encodeNpy({ type: 'float32', dims: [10, 4], data }));
    const array = await openNpy(await fileSource(path));
    const rows = await array.readRows([3, 4, 0, 9]);
    expect(rows.map((row) => row[0])).toEqual([12, 16, 0, 36]);
    expect(rows.every((row) => row.length === 4)).toBe(true);
  });

  const refused: [string, string, Uint8Array | undefined, RegExp][] = [
    [
      'pickled objects',
      "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
      undefined,
      /Pickles are never read/,
    ],
    ['structured types', "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", undefined, /structured/],
    ['complex numbers', "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", undefined, /dtype <c8/],
    ['text', "{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", undefined, /dtype <U3/],
    [
      'a shape beyond the file',
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000), }",
      new Uint8Array(8),
      /expected 4000000000 bytes .* received 8 bytes.*truncated/,
    ],
    [
      'a shape that overflows',
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }",
      undefined,
      /a shape whose bytes can be counted/,
    ],
    ['negative sizes', "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", undefined, /non-negative/],
    ['too many axes', `{'descr': '|u1', 'fortran_order': False, 'shape': (${'1,'.repeat(40)}), }`, undefined, /32/],
    ['unknown keys', "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 'y'}", undefined, /'x'/],
    ['missing keys', "{'descr': '<f4', 'fortran_order': False}", undefined, /shape/],
    ['code in the header', "{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}", undefined, /header/],
    [
      'left-over bytes',
      "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }",
      new Uint8Array(3),
      /received 3 bytes/,
    ],
  ];
  it.each(refused)('refuses %s', async (_, header, data, message) => {
    await expect(decodeNpy(npyBytes(header, data ?? new Uint8Array(4)), 'x.npy')).rejects.toThrow(message);
    await expect(decodeNpy(npyBytes(header, data ?? new Uint8Array(4)), 'x.npy')).rejects.toMatchObject({
      code: 'ERR_INPUT_DATA',
    });
  });

  it('refuses huge headers, unknown versions, other files and truncated ones without allocating', async () => {
    const huge = npyBytes('{}', new Uint8Array(), 2);
    new DataView(huge.buffer).setUint32(8, 0xfffffff0, true);
    await expect(decodeNpy(huge)).rejects.toThrow(/a header of at most 65536 bytes/);
    await expect(decodeNpy(npyBytes('{}', new Uint8Array(4), 9))).rejects.toThrow(/version 9/);
    await expect(decodeNpy(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).rejects.toThrow(/starting with ff d8 ff e0/);
    const whole = encodeNpy({ type: 'int64', dims: [3], data: BigInt64Array.of(1n, 2n, 3n) });
    for (let length = 0; length < whole.length; length++) {
      await expect(decodeNpy(whole.slice(0, length))).rejects.toMatchObject({ code: 'ERR_INPUT_DATA' });
    }
  });
});
