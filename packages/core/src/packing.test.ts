import { describe, expect, it } from 'vitest';
import { int2, int4, int8, intDType, uint2, uint4, uint16 } from './dtype';
import { pack, packedLength, unpack } from './packing';

const uint1 = intDType(1, false);
const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');

describe('pack', () => {
  it('packs 4 bits low nibble first, as ONNX', () => {
    expect(hex(pack([1, 2, 3, 8, 15], uint4))).toBe('21 83 0f');
    expect(hex(pack([1, 2, 3, -8, -1], int4))).toBe('21 83 0f');
  });

  it('packs 2 bits and 1 bit from the low end', () => {
    expect(hex(pack([0, 1, 2, 3, 1], uint2))).toBe('e4 01');
    expect(hex(pack([0, 1, -2, -1, 1], int2))).toBe('e4 01');
    expect(hex(pack([1, 0, 0, 0, 0, 0, 0, 1, 1], uint1))).toBe('81 01');
  });

  it('clears the unused bits of a reused buffer', () => {
    expect(hex(pack([1, 1, 1], uint4, new Uint8Array(2).fill(255)))).toBe('11 01');
  });

  it('refuses a code that the type does not have instead of cutting it', () => {
    expect(() => pack([0, 16], uint4)).toThrow(/uint4 codes within \[0, 15\], received 16 at element 1/);
    expect(() => pack([-1], uint4)).toThrow(/received -1/);
    expect(() => pack([1], uint16)).toThrow(/1, 2, 4 or 8 bits, received 16 bits/);
    expect(() => pack([1, 2, 3], uint4, new Uint8Array(1))).toThrow(/length 2, received length 1/);
  });
});

describe('unpack', () => {
  it('extends the sign of signed types', () => {
    const bytes = Uint8Array.of(0x21, 0x83, 0x0f);
    expect([...unpack(bytes, uint4, 5)]).toEqual([1, 2, 3, 8, 15]);
    expect([...unpack(bytes, int4, 5)]).toEqual([1, 2, 3, -8, -1]);
    expect([...unpack(Uint8Array.of(0xe4, 0x01), int2, 5)]).toEqual([0, 1, -2, -1, 1]);
    expect([...unpack(Uint8Array.of(0xff), int8, 1)]).toEqual([-1]);
  });

  it('wants exactly the bytes of the elements, and an array that can hold them', () => {
    expect(() => unpack(new Uint8Array(3), int4, 4)).toThrow(/length 2, received length 3/);
    expect(() => unpack(new Uint8Array(2), int4, 4, new Uint8Array(4))).toThrow(/int4 codes, received Uint8Array/);
  });

  it('counts bytes by rounding up', () => {
    expect([packedLength(0, 4), packedLength(5, 4), packedLength(5, 2), packedLength(9, 1)]).toEqual([0, 3, 2, 2]);
  });
});
