import { QuantError, type QuantErrorOptions } from './quant-error';

/** A model runtime is missing, failed to load, or failed to run a model. */
export class RuntimeError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_RUNTIME', options);
    this.name = 'RuntimeError';
  }
}
