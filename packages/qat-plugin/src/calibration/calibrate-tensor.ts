import {
  elementCount,
  type HistogramStats,
  histogramObserver,
  intDType,
  type LinearScheme,
  linearScheme,
  type MomentsStats,
  meanSquaredError,
  momentsObserver,
  type Observer,
  perAxis,
  perTensor,
  type RangeSelector,
  selectQParams,
  type TensorView,
} from '@bitwright/core';
import type { Calibration, QuantizerContext } from '../quantizers/quantizer';

/** What one tensor's statistics are collected with. */
export interface TensorObserver {
  observe(x: TensorView): void;
  /** @throws {NotCalibratedError} when nothing was observed */
  finish(): Calibration;
}

/**
 * Statistics of a tensor → the range and parameters a quantizer starts from. Streaming: memory does not grow with the data.
 *
 * Shapes: batches of any shape; with parameters per channel [outer, C, inner], observed along axis 1.
 */
export function tensorObserver(
  tensor: string,
  context: QuantizerContext,
  selector: RangeSelector<HistogramStats> = meanSquaredError(),
): TensorObserver {
  const isPerTensor = elementCount(context.paramShape) === 1;
  const options = { tensor, ...(isPerTensor ? {} : { axis: 1 }) };
  const histogram: Observer<HistogramStats> = histogramObserver.create(options);
  const moments: Observer<MomentsStats> = momentsObserver.create(options);
  return {
    observe(x) {
      histogram.observe(x);
      moments.observe(x);
    },
    finish() {
      const { range, qparams } = selectQParams(histogram, selector, schemeOf(context, isPerTensor));
      return {
        scale: qparams.scale,
        zeroPoint: qparams.zeroPoint,
        min: range.min,
        max: range.max,
        meanAbs: Float64Array.from(moments.stats().meanAbs),
      };
    },
  };
}

/** The calibration of a tensor that is at hand: weights. */
export function calibrateTensor(
  tensor: string,
  data: Float32Array,
  shape: readonly number[],
  context: QuantizerContext,
  selector?: RangeSelector<HistogramStats>,
): Calibration {
  const observer = tensorObserver(tensor, context, selector);
  observer.observe({ data, shape: aroundChannels(shape, context.paramShape) });
  return observer.finish();
}

// — internals —

/** [d0,…,dn] as [outer, C, inner], where C are the axes with parameters of their own (neighbours); or unchanged per tensor. */
function aroundChannels(shape: readonly number[], paramShape: readonly number[]): readonly number[] {
  const own = paramShape.flatMap((length, axis) => (length > 1 ? [axis] : []));
  const first = own[0];
  const last = own.at(-1);
  if (first === undefined || last === undefined) return shape;
  return [
    elementCount(shape.slice(0, first)),
    elementCount(shape.slice(first, last + 1)),
    elementCount(shape.slice(last + 1)),
  ];
}

/** A scheme with the context's codes, for the range selectors of core. One bit is calibrated as ternary: its scale is its own. */
function schemeOf({ codes, zeroPoint }: QuantizerContext, isPerTensor: boolean): LinearScheme {
  const isSigned = codes.qmin < 0;
  return linearScheme({
    dtype: intDType(16, isSigned),
    qmin: codes.qmin,
    qmax: codes.qmax,
    mapping: zeroPoint === 'free' ? 'asymmetric' : 'symmetric',
    unsignedZero: zeroPoint === 0 ? 'zero' : 'midpoint',
    granularity: isPerTensor ? perTensor : perAxis(1),
  });
}
