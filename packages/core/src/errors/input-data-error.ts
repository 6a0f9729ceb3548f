import { QuantError, type QuantErrorOptions } from './quant-error';

/** User data (samples, labels, images, files) cannot be used. */
export class InputDataError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_INPUT_DATA', options);
    this.name = 'InputDataError';
  }
}
