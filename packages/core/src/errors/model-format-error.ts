import { QuantError, type QuantErrorOptions } from './quant-error';

/** Bytes are not the model they claim to be: truncated, malformed, inconsistent or hostile. */
export class ModelFormatError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_MODEL_FORMAT', options);
    this.name = 'ModelFormatError';
  }
}
