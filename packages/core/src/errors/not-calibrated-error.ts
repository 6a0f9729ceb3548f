import { QuantError, type QuantErrorOptions } from './quant-error';

/** Statistics or parameters were asked for before any data had been observed. */
export class NotCalibratedError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_NOT_CALIBRATED', options);
    this.name = 'NotCalibratedError';
  }
}
