import { QuantError, type QuantErrorOptions } from '@bitwright/core';

/** The command line, the environment or the config file is wrong. */
export class UsageError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_USAGE', options);
    this.name = 'UsageError';
  }
}

/** A file cannot be written where it should go, or must not be. */
export class OutputError extends QuantError {
  constructor(options: QuantErrorOptions) {
    super('ERR_OUTPUT', options);
    this.name = 'OutputError';
  }
}
