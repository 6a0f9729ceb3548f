import { QuantError, type QuantErrorOptions } from './quant-error';

/** An argument has the wrong type, value or range, or an option is unknown. */
export class InvalidArgumentError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_INVALID_ARGUMENT', options);
    this.name = 'InvalidArgumentError';
  }
}
