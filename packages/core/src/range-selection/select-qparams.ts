import { ShapeMismatchError } from '../errors';
import type { Observer, RangeStats } from '../observer/observer';
import { type ChosenQParams, chooseQParams } from '../qparams';
import type { Range } from '../range';
import type { LinearScheme } from '../scheme';
import type { RangeSelector } from './range-selector';

export interface SelectedQParams {
  readonly range: Range;
  readonly qparams: ChosenQParams;
  /** What a report should say: degenerate parameters, constant tensors. */
  readonly notes: readonly string[];
}

/**
 * Statistics (or the observer that holds them) → range → scale and zero point, with notes instead of surprises.
 *
 * @throws {NotCalibratedError} when the observer has seen nothing
 * @throws {ShapeMismatchError} when per-channel statistics meet a per-tensor scheme
 */
export function selectQParams<Stats extends RangeStats>(
  source: Observer<Stats> | Stats,
  selector: RangeSelector<Stats>,
  scheme: LinearScheme,
): SelectedQParams {
  const stats = isObserver(source) ? source.stats() : source;
  const range = selector.selectRange(stats, scheme);
  if (scheme.granularity.kind === 'perTensor' && range.min.length !== 1) {
    throw new ShapeMismatchError({
      operation: '[core] selectQParams',
      expected: 'statistics of the whole tensor for a perTensor scheme',
      received: `${range.min.length} channels`,
      hint: 'Observe without axis, or use a perAxis scheme.',
    });
  }
  const qparams = chooseQParams(range, scheme);
  return Object.freeze({ range, qparams, notes: notesOf(stats.range, qparams) });
}

function isObserver<Stats>(source: Observer<Stats> | Stats): source is Observer<Stats> {
  return typeof (source as Partial<Observer<Stats>>).stats === 'function';
}

function notesOf(observed: Range, qparams: ChosenQParams): readonly string[] {
  const zero: number[] = [];
  const constant: number[] = [];
  observed.min.forEach((min, g) => {
    if (min === observed.max[g]) (min === 0 ? zero : constant).push(g);
  });
  const tiny = qparams.degenerate.filter((g) => !zero.includes(g));
  const single = observed.min.length === 1;
  const note = (parameters: readonly number[], what: string): string[] => {
    if (parameters.length === 0) return [];
    const where = single ? 'the tensor' : `parameters ${parameters.slice(0, 8).join(', ')}`;
    return [`${where}${parameters.length > 8 ? ` and ${parameters.length - 8} more` : ''}: ${what}`];
  };
  return Object.freeze([
    ...note(zero, 'all observed values are 0; scale 1'),
    ...note(constant, 'all observed values are equal; the range is from 0 to that value'),
    ...note(tiny, 'the range is too small for a float32 scale; scale 1'),
  ]);
}
