import { QuantError, type QuantErrorOptions } from './quant-error';

/** Data contain NaN or infinities where finite numbers are needed. */
export class NonFiniteDataError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_NON_FINITE_DATA', options);
    this.name = 'NonFiniteDataError';
  }
}
