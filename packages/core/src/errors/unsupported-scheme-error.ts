import { QuantError, type QuantErrorOptions } from './quant-error';

/** A quantization scheme is not representable here: by its own rules, by a target or by a file format. */
export class UnsupportedSchemeError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_UNSUPPORTED_SCHEME', options);
    this.name = 'UnsupportedSchemeError';
  }
}
