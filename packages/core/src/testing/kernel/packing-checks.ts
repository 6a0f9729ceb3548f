import { allocateQuantized, int2, int4, intDType, type QDType, uint2, uint4 } from '../../dtype';
import type { KernelBackend } from '../../kernel-backend';
import { packedLength } from '../../packing';
import { referenceBackend } from '../../reference-backend';
import { checkSameNumbers, checkThrows } from '../assertions';
import { randomInteger, randomSource } from '../random-tensor';
import { type KernelChecks, sizeChecks, unaligned } from './kernel-checks';

/** Codes → bytes → codes. */
export function packChecks(tile: number): KernelChecks {
  const types: readonly QDType[] = [int4, uint4, int2, uint2, intDType(1, false)];
  const roundTrip = (backend: KernelBackend, type: QDType, length: number, shift: boolean): void => {
    const random = randomSource(length);
    const aligned = allocateQuantized(type, length).map(() => randomInteger(random, type.qmin, type.qmax));
    const codes = shift ? unaligned(aligned) : aligned;
    const actual = new Uint8Array(packedLength(length, type.bits)).fill(0xff);
    const expected = new Uint8Array(actual.length);
    backend.pack(codes, type, actual);
    referenceBackend.pack(codes, type, expected);
    checkSameNumbers(actual, expected, `pack ${length} of ${type.name}`);
    const back = allocateQuantized(type, length);
    backend.unpack(shift ? unaligned(actual) : actual, type, back);
    checkSameNumbers(back, codes, `unpack ${length} of ${type.name}`);
  };
  return {
    ...sizeChecks(tile, (backend, length) => {
      for (const type of types) roundTrip(backend, type, length, false);
    }),
    odd_tails: (backend) => {
      for (const type of types) for (let length = 2; length < 20; length++) roundTrip(backend, type, length, false);
    },
    unaligned: (backend) => {
      for (const type of types) roundTrip(backend, type, 3 * tile + 5, true);
    },
    refuses_foreign_codes: (backend) => {
      const out = new Uint8Array(1);
      checkThrows(() => backend.pack(Int8Array.of(1, 8), int4, out), 'ERR_INVALID_ARGUMENT', 'code 8 as int4');
    },
    refuses_wrong_lengths: (backend) => {
      const codes = Int8Array.of(1, 2, 3);
      checkThrows(() => backend.pack(codes, int4, new Uint8Array(3)), 'ERR_SHAPE_MISMATCH', 'pack into 3 bytes');
      checkThrows(() => backend.unpack(new Uint8Array(3), int4, codes), 'ERR_SHAPE_MISMATCH', 'unpack 3 bytes');
    },
  };
}
