const marker = Symbol.for('bitwright.QuantError');

/** What every error carries besides its message. */
export interface QuantErrorOptions {
  /** Package and operation that failed, e.g. `'[core] quantize'`. */
  readonly operation: string;
  /** What the operation expected. */
  readonly expected: string;
  /** What it received instead; shapes printed as `[2,3]`, long values cut. */
  readonly received: string;
  /** How to fix it. */
  readonly hint?: string | undefined;
  /** The error underneath, when there is one. */
  readonly cause?: unknown;
}

/**
 * Base of all errors this project throws on purpose.
 *
 * Message: `[package] operation: expected X, received Y. Hint.`
 * Several copies of a package may coexist (ESM beside CJS), so test with `QuantError.isInstance(error)`
 * or by `code`, never with `instanceof`.
 */
export class QuantError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  /** Parts of the message, for whoever reports them in a form of their own. */
  declare readonly operation: string;
  declare readonly expected: string;
  declare readonly received: string;

  constructor(code: string, options: QuantErrorOptions) {
    const hint = options.hint === undefined ? '' : ` ${options.hint}`;
    super(
      `${options.operation}: expected ${options.expected}, received ${options.received}.${hint}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'QuantError';
    this.code = code;
    this.hint = options.hint;
    const { operation, expected, received } = options;
    for (const [key, value] of Object.entries({ operation, expected, received })) {
      // Not enumerable: Node prints what is, and the message has them already.
      Object.defineProperty(this, key, { value });
    }
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is QuantError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[marker] === true;
  }
}
