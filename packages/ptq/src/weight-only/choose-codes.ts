import {
  chooseQParams,
  dataRange,
  int8,
  type LinearScheme,
  linearScheme,
  perAxis,
  perTensor,
  quantize,
} from '@bitwright/core';
import { type BlockCodes, type LookupCodes, type LookupKind, lookupLevels, type RowCodes } from '@bitwright/export';
import { type BlockGridOptions, chooseBlockGrid, roundToGrid } from './block-grid';
import { gptqBlocks } from './gptq-blocks';
import { fitHalfQuadratic } from './half-quadratic';

/** How low-bit codes are chosen: nearest, half-quadratic grids, or GPTQ from the second moments of the inputs. */
export type WeightMethod = 'rtn' | 'hqq' | 'gptq';

export interface MatrixData {
  /** [N,K], row-major. */
  readonly weights: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface RowCodeOptions {
  readonly isSigned: boolean;
  /** One scale per row, or one for all. */
  readonly perRow: boolean;
  /** 7 bits, −64…64: products of two cannot saturate on x86 without VNNI. */
  readonly reducedRange: boolean;
}

/** Symmetric 8-bit codes: −127…127 (reduced: −64…64), plus 128 when unsigned. */
export function chooseRowCodes({ weights, rows, columns }: MatrixData, options: RowCodeOptions): RowCodes {
  const limit = options.reducedRange ? 64 : 127;
  const scheme: LinearScheme = linearScheme({
    dtype: int8,
    mapping: 'symmetric',
    qmin: -limit,
    qmax: limit,
    granularity: options.perRow ? perAxis(0) : perTensor,
  });
  const view = { data: weights, shape: [rows, columns] };
  const qparams = chooseQParams(dataRange(view, scheme.granularity), scheme);
  const signed = quantize(view, scheme, qparams) as Int8Array;
  const codes = options.isSigned ? signed : Uint8Array.from(signed, (code) => code + 128);
  return { kind: 'rows', rows, columns, codes, scale: qparams.scale };
}

export interface BlockCodeOptions extends BlockGridOptions {
  readonly method: WeightMethod;
  readonly realZeroPoints?: boolean | undefined;
  /** XᵀX [K,K] of the inputs; required by `gptq`. */
  readonly gram?: Float64Array | undefined;
  readonly damping?: number | undefined;
}

/** Low-bit codes of a matrix, by the chosen method. `gptq` without second moments falls back to `hqq`; the caller reports it. */
export function chooseBlockCodes({ weights, rows, columns }: MatrixData, options: BlockCodeOptions): BlockCodes {
  const { method, realZeroPoints = false, gram, damping, bits, blockSize, symmetric } = options;
  const nearest = chooseBlockGrid(weights, rows, columns, options);
  const grid = method === 'rtn' ? nearest : fitHalfQuadratic(weights, rows, columns, nearest, { realZeroPoints });
  const codes =
    method === 'gptq' && gram !== undefined
      ? gptqBlocks(weights, rows, columns, grid, gram, damping === undefined ? {} : { damping })
      : roundToGrid(weights, rows, columns, grid);
  const { scale, zeroPoint } = grid;
  return {
    kind: 'blocks',
    bits,
    rows,
    columns,
    blockSize,
    codes,
    scale,
    ...(symmetric ? {} : { zeroPoint: realZeroPoints ? zeroPoint : Uint8Array.from(zeroPoint) }),
  };
}

/** Codes of the nearest level, per block of consecutive weights scaled by its largest magnitude. */
export function chooseLookupCodes(
  { weights, rows, columns }: MatrixData,
  levels: LookupKind,
  blockSize: number,
): LookupCodes {
  const table = lookupLevels[levels];
  const order = [...table.keys()].sort((a, b) => (table[a] as number) - (table[b] as number) || a - b);
  const limits = order.slice(1).map((code, i) => ((table[code] as number) + (table[order[i] as number] as number)) / 2);
  const absmax = new Float32Array(Math.ceil(weights.length / blockSize));
  const codes = new Uint8Array(weights.length);
  for (let b = 0; b < absmax.length; b++) {
    const block = weights.subarray(b * blockSize, (b + 1) * blockSize);
    const most = block.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
    absmax[b] = most;
    for (let i = 0; i < block.length; i++) {
      const x = most === 0 ? 0 : (block[i] as number) / most;
      let at = 0;
      while (at < limits.length && x > (limits[at] as number)) at++;
      codes[b * blockSize + i] = order[at] as number;
    }
  }
  return { kind: 'lookup', levels, rows, columns, blockSize, codes, absmax };
}
