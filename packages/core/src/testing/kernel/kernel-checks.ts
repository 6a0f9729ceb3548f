import type { KernelBackend } from '../../kernel-backend';

/** Named checks of one kernel family; each throws when the backend differs from the reference. */
export interface KernelChecks {
  readonly [check: string]: (backend: KernelBackend) => void;
}

/** The checks that only vary the number of elements. */
export function sizeChecks(tile: number, body: (backend: KernelBackend, length: number) => void): KernelChecks {
  return {
    empty: (backend) => body(backend, 0),
    single: (backend) => body(backend, 1),
    exact_tile: (backend) => body(backend, tile),
    tile_minus_one: (backend) => {
      for (const tiles of [1, 2, 3]) body(backend, tiles * tile - 1);
    },
    tile_plus_one: (backend) => {
      for (const tiles of [1, 2, 3]) body(backend, tiles * tile + 1);
    },
  };
}

type NumberArray = Float32Array | Int32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** The same numbers at an address that is not a multiple of the vector width: one element into a larger buffer. */
export function unaligned<T extends NumberArray>(values: T): T {
  const buffer = new ArrayBuffer((values.length + 1) * values.BYTES_PER_ELEMENT);
  const Kind = values.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => T;
  const shifted = new Kind(buffer, values.BYTES_PER_ELEMENT, values.length);
  shifted.set(values);
  return shifted;
}
