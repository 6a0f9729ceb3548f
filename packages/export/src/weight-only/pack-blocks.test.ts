import { describe, expect, it } from 'vitest';
import { packBlocks, packRows, unpackRows } from './pack-blocks';

describe('packBlocks', () => {
  it('puts the lower k into the lower half of a byte', () => {
    // 0x21 = 1 + 2·16, 0x83 = 3 + 8·16, 0x0f = 15
    expect([...packBlocks(Uint8Array.of(1, 2, 3, 8, 15, 0), 1, 6, 2, 4)]).toEqual([0x21, 0x83, 0x0f]);
  });

  it('packs four 2-bit codes per byte', () => {
    // 0 + 1·4 + 2·16 + 3·64 = 0xe4
    expect([...packBlocks(Uint8Array.of(0, 1, 2, 3), 1, 4, 4, 2)]).toEqual([0xe4]);
  });

  it('pads every row to whole blocks with the code of zero', () => {
    // K = 3 in blocks of 4: one code of padding, 8, in each of the two rows
    expect([...packBlocks(Uint8Array.of(1, 2, 3, 4, 5, 6), 2, 3, 4, 4)]).toEqual([0x21, 0x83, 0x54, 0x86]);
  });

  it('stores 8-bit codes as they are', () => {
    expect([...packBlocks(Uint8Array.of(7, 250), 1, 2, 2, 8)]).toEqual([7, 250]);
  });
});

describe('packRows', () => {
  it('starts every row at a whole byte', () => {
    expect([...packRows(Uint8Array.of(1, 2, 3, 4, 5, 6), 2, 3, 3, 4)]).toEqual([0x21, 0x03, 0x54, 0x06]);
  });

  it.each([2, 4, 8])('is undone by unpackRows at %i bits', (bits) => {
    const codes = Uint8Array.from({ length: 5 * 37 }, (_, i) => (i * 29) % 2 ** bits);
    expect(unpackRows(packRows(codes, 5, 37, 48, bits), 5, 37, 48, bits)).toEqual(codes);
  });
});
