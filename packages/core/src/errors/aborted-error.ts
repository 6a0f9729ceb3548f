import { QuantError, type QuantErrorOptions } from './quant-error';

/** The work was cancelled through an AbortSignal. */
export class AbortedError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_ABORTED', options);
    this.name = 'AbortedError';
  }
}
