import { QuantError, type QuantErrorOptions } from './quant-error';

/** An integer sum could leave, or has left, the range of its int32 accumulator. */
export class AccumulatorOverflowError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_ACCUMULATOR_OVERFLOW', options);
    this.name = 'AccumulatorOverflowError';
  }
}
