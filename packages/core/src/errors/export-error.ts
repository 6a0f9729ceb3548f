import { QuantError, type QuantErrorOptions } from './quant-error';

/** A result cannot be written in the requested format, or could not be written at all. */
export class ExportError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_EXPORT', options);
    this.name = 'ExportError';
  }
}
