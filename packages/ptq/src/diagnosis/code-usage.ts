import { DataType, findDataType, tensorToArray, tensorToFloat32 } from '@bitwright/onnx';
import type { Flow, Quantity } from './quantity';

/** The grid a quantity is rounded to: one scale for the whole tensor. */
export interface CodeGrid {
  readonly dtype: string;
  readonly bits: number;
  readonly scale: number;
  readonly zeroPoint: number;
  readonly qmin: number;
  readonly qmax: number;
  /** Real values of qmin and qmax. */
  readonly min: number;
  readonly max: number;
}

/** How values fall on a grid, counted batch by batch. */
export interface CodeCounts {
  total: number;
  /** Dequantized values at qmin and qmax. */
  atMin: number;
  atMax: number;
  /** Reference values more than half a step outside the grid: what clipping has changed. */
  clipped: number;
  lowest: number;
  highest: number;
}

/** The grid of a quantity; undefined where its codes are no integers, have a scale per channel, or are not stored. */
export function codeGrid(quantity: Quantity, flow: Flow): CodeGrid | undefined {
  const { codes } = quantity;
  if (codes === undefined) return undefined;
  const scales = flow.initializer(codes.scale);
  const zeroPoints = codes.zeroPoint === undefined ? undefined : flow.initializer(codes.zeroPoint);
  const dataType = zeroPoints?.dataType ?? codes.dataType ?? DataType.UINT8;
  const info = findDataType(dataType);
  if (scales === undefined || info === undefined || (info.kind !== 'int' && info.kind !== 'uint')) return undefined;
  const scale = tensorToFloat32(scales);
  if (scale.length !== 1) return undefined;
  const zeroPoint = zeroPoints === undefined ? 0 : Number(tensorToArray(zeroPoints)[0] ?? 0);
  const step = scale[0] as number;
  const span = 2 ** info.bits;
  const [qmin, qmax] = codes.bounds ?? (info.kind === 'int' ? [-span / 2, span / 2 - 1] : [0, span - 1]);
  return {
    dtype: info.name,
    bits: info.bits,
    scale: step,
    zeroPoint,
    qmin,
    qmax,
    min: (qmin - zeroPoint) * step,
    max: (qmax - zeroPoint) * step,
  };
}

export function createCodeCounts(): CodeCounts {
  return {
    total: 0,
    atMin: 0,
    atMax: 0,
    clipped: 0,
    lowest: Number.POSITIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
  };
}

/** Counts one batch; `test` holds dequantized codes of the grid. */
export function addCodeCounts(
  counts: CodeCounts,
  grid: CodeGrid,
  reference: Float32Array,
  test: Float32Array,
  gains?: { readonly gain: Float64Array; readonly inner: number },
): void {
  const half = grid.scale / 2;
  const low = grid.min + half;
  const high = grid.max - half;
  const { min, max } = grid;
  let { atMin, atMax, clipped, lowest, highest } = counts;
  for (let i = 0; i < test.length; i++) {
    const t = test[i] as number;
    const factor = gains === undefined ? 1 : (gains.gain[Math.floor(i / gains.inner) % gains.gain.length] as number);
    const r = (reference[i] as number) * factor;
    if (t < low) atMin += 1;
    else if (t > high) atMax += 1;
    if (r < min - half || r > max + half) clipped += 1;
    if (t < lowest) lowest = t;
    if (t > highest) highest = t;
  }
  counts.total += test.length;
  Object.assign(counts, { atMin, atMax, clipped, lowest, highest });
}
