import { type BlockCodes, blocksPerRow, type LookupCodes, type RowCodes } from '../src/index';
import { values } from './toy-models';

/** Block codes with every code, scale and zero point in use: layout tests need no sensible weights. */
export function someBlockCodes(
  rows: number,
  columns: number,
  blockSize: number,
  bits: 2 | 4 | 8,
  zeroPoints: 'none' | 'integer' | 'real' = 'none',
): BlockCodes {
  const groups = rows * blocksPerRow(columns, blockSize);
  const limit = 2 ** bits;
  const noise = values(rows * columns, 7);
  const codes = Uint8Array.from(noise, (v) => Math.floor(((v + 1) / 2) * limit));
  const scale = values(groups, 8).map((v) => 0.05 + 0.02 * v);
  const real = values(groups, 9).map((v) => ((v + 1) / 2) * (limit - 1));
  const zeroPoint = zeroPoints === 'real' ? real : Uint8Array.from(real, Math.round);
  return {
    kind: 'blocks',
    bits,
    rows,
    columns,
    blockSize,
    codes,
    scale,
    ...(zeroPoints === 'none' ? {} : { zeroPoint }),
  };
}

/** Row codes within ±63, so that no integer kernel saturates. */
export function someRowCodes(rows: number, columns: number, isSigned: boolean, isPerRow: boolean): RowCodes {
  const signed = Int8Array.from(values(rows * columns, 3), (v) => Math.round(63 * v));
  return {
    kind: 'rows',
    rows,
    columns,
    codes: isSigned ? signed : Uint8Array.from(signed, (code) => code + 128),
    scale: values(isPerRow ? rows : 1, 4).map((v) => 0.01 + 0.002 * v),
  };
}

export function someLookupCodes(rows: number, columns: number, blockSize: number, levels: 'nf4' | 'fp4'): LookupCodes {
  return {
    kind: 'lookup',
    levels,
    rows,
    columns,
    blockSize,
    codes: Uint8Array.from(values(rows * columns, 5), (v) => Math.floor(8 * (v + 1))),
    absmax: values(Math.ceil((rows * columns) / blockSize), 6).map((v) => 1 + v / 2),
  };
}
