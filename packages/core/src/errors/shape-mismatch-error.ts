import { QuantError, type QuantErrorOptions } from './quant-error';

/** Shapes or lengths that must agree do not. */
export class ShapeMismatchError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_SHAPE_MISMATCH', options);
    this.name = 'ShapeMismatchError';
  }
}
