import { QuantError, type QuantErrorOptions } from './quant-error';

/** A graph uses an operator, domain or attribute that this operation cannot handle. */
export class UnsupportedOperatorError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_UNSUPPORTED_OPERATOR', options);
    this.name = 'UnsupportedOperatorError';
  }
}
