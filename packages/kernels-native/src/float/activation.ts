import { InvalidArgumentError } from '@bitwright/core';

/** A clamp that costs nothing: it happens while the result is still in registers. NaN passes through. */
export type ClampActivation = 'linear' | 'relu' | 'relu6' | { readonly min: number; readonly max: number };

/** Smallest and largest result of an activation. */
export type ClampBounds = readonly [minimum: number, maximum: number];

/**
 * The bounds of a clamp; ∓Infinity where it leaves values alone.
 *
 * @throws {InvalidArgumentError} when the name is unknown or min ≤ max does not hold
 */
export function clampBounds(operation: string, activation: ClampActivation = 'linear'): ClampBounds {
  if (activation === 'linear') return unbounded;
  if (activation === 'relu') return positive;
  if (activation === 'relu6') return upToSix;
  if (typeof activation === 'object' && activation.min <= activation.max) return [activation.min, activation.max];
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: "activation 'linear', 'relu', 'relu6' or { min, max } with min ≤ max",
    received: typeof activation === 'object' ? JSON.stringify(activation) : String(activation),
  });
}

const unbounded: ClampBounds = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
const positive: ClampBounds = [0, Number.POSITIVE_INFINITY];
const upToSix: ClampBounds = [0, 6];
