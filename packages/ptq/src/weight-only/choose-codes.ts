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
import { type BlockGrid, type BlockGridOptions, chooseBlockGrid, roundToGrid } from './block-grid';
import { fitLeastSquares } from './fit-least-squares';
import { gptqBlocks } from './gptq-blocks';
import { fitHalfQuadratic } from './half-quadratic';
import { refitScales } from './refit-scales';

/**
 * How low-bit codes are chosen:
 *   rtn   nearest, on the grid of the block's extremes
 *   mse   nearest, on the grid of least squared error
 *   hqq   nearest, on the grid of half-quadratic fitting (outliers count less)
 *   gptq  from the second moments of the inputs, on grids of least weighted error, with scales fitted to the codes
 */
export type WeightMethod = 'rtn' | 'mse' | 'hqq' | 'gptq';

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

/** Low-bit codes of a matrix, by the chosen method. `gptq` without second moments is `mse`; the caller reports it. */
export function chooseBlockCodes(data: MatrixData, options: BlockCodeOptions): BlockCodes {
  const { rows, columns } = data;
  const { bits, blockSize, symmetric, realZeroPoints = false } = options;
  const { grid, codes } = gridAndCodes(data, options);
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

// — internals —

function gridAndCodes(
  { weights, rows, columns }: MatrixData,
  options: BlockCodeOptions,
): { readonly grid: BlockGrid; readonly codes: Uint8Array } {
  const { method, realZeroPoints = false, gram } = options;
  const full = chooseBlockGrid(weights, rows, columns, options);
  const nearest = (grid: BlockGrid): { readonly grid: BlockGrid; readonly codes: Uint8Array } => ({
    grid,
    codes: roundToGrid(weights, rows, columns, grid),
  });
  if (method === 'rtn') return nearest(full);
  if (method === 'hqq') return nearest(fitHalfQuadratic(weights, rows, columns, full, { realZeroPoints }));
  if (method === 'mse' || gram === undefined) return nearest(fitLeastSquares(weights, rows, columns, full));
  const importance = Float64Array.from({ length: columns }, (_, k) => gram[k * columns + k] as number);
  const grid = fitLeastSquares(weights, rows, columns, full, importance);
  const damping = options.damping === undefined ? {} : { damping: options.damping };
  const codes = gptqBlocks(weights, rows, columns, grid, gram, damping);
  return { grid: refitScales(weights, rows, columns, grid, gram, codes, damping), codes };
}
