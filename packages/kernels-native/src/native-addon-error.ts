import { QuantError, type QuantErrorOptions } from '@bitwright/core';

/** The native addon is missing, does not fit this machine or this package, or failed inside. */
export class NativeAddonError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_NATIVE_ADDON', options);
    this.name = 'NativeAddonError';
  }
}
