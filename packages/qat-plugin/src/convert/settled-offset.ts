import type { GridValues } from '../quantizers/quantizer-slot';

/** What one output channel of a layer computes: y = step·k + offset, where the integer k = Σ w_code·(x_code − x_zero). */
export interface AccumulatorLine {
  readonly step: number;
  readonly offset: number;
  /** Bound of |k|. */
  readonly most: number;
  /** How far two ways of computing y in float32 may lie apart. */
  readonly noise: number;
}

/** Steps as coarse as this many times the noise: in finer ones each k is rare, and too many are near some edge. */
const leastSteps = 16;

/** Units away from the nearest multiple, in the order tried; positive towards the side the offset is on. */
const detours = [0, 1, -1, 2, -2, 3, -3, 4, -4];

/**
 * The offset nearest to a line's own that is a multiple of `unit` and, where the output is quantized, keeps every possible k
 * further than the noise from the edges between two codes of the output. Where none nearby does, the nearest multiple.
 *
 * Edges lie at (code + ½ − zero)·scale. An offset that already fits, to within its rounding, comes back as it is.
 *
 * @param unit - what an integer kernel's bias counts: scale(x)·scale(w), scale(w) that of the stored codes
 */
export function settledOffset(line: AccumulatorLine, unit: number, output: GridValues | undefined): number {
  const { step, offset, noise } = line;
  const nearest = Math.round(offset / unit);
  const direction = offset < nearest * unit ? -1 : 1;
  const looksAtEdges = output !== undefined && step > leastSteps * noise;
  const isClear = (candidate: number): boolean =>
    !looksAtEdges || isClearOfEdges({ ...line, offset: candidate }, output);
  const settled = detours.map((units) => (nearest + direction * units) * unit).find(isClear) ?? nearest * unit;
  return Math.abs(settled - offset) < noise / 4 ? offset : settled;
}

function isClearOfEdges({ step, offset, most, noise }: AccumulatorLine, grid: GridValues): boolean {
  const scale = grid.scale[0] as number;
  const zero = grid.zeroPoint[0] as number;
  for (let code = grid.qmin; code < grid.qmax; code++) {
    const edge = (code + 0.5 - zero) * scale;
    const k = Math.round((edge - offset) / step);
    if (Math.abs(k) <= most && Math.abs(step * k + offset - edge) < noise) return false;
  }
  return true;
}
