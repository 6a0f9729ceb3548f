import { assertArray } from '../arguments';
import { assertSeparate } from '../float/floats';
import { checkStatus, type NativeContext } from '../native-context';

export interface SgdRule {
  readonly learningRate: number;
}

export interface MomentumRule extends SgdRule {
  readonly momentum: number;
  readonly useNesterov?: boolean | undefined;
}

export interface AdamRule extends SgdRule {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** beta1^step and beta2^step, the step counted from 1. */
  readonly accumulatedBeta1: number;
  readonly accumulatedBeta2: number;
}

/**
 * variable −= learningRate · gradient, in place.
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when the arrays differ in length or overlap
 */
export function sgdF32(native: NativeContext, rule: SgdRule, gradient: Float32Array, variable: Float32Array): void {
  const operation = 'sgdF32';
  assertState(operation, gradient, { variable });
  checkStatus(operation, native.addon.sgdF32(native.handle, gradient.length, rule.learningRate, gradient, variable));
}

/**
 * accumulation = momentum · accumulation + gradient;
 * variable −= learningRate · (useNesterov ? gradient + momentum · accumulation : accumulation), in place.
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when the arrays differ in length or overlap
 */
export function momentumF32(
  native: NativeContext,
  rule: MomentumRule,
  gradient: Float32Array,
  accumulation: Float32Array,
  variable: Float32Array,
): void {
  const operation = 'momentumF32';
  assertState(operation, gradient, { accumulation, variable });
  const { learningRate, momentum, useNesterov = false } = rule;
  checkStatus(
    operation,
    native.addon.momentumF32(
      native.handle,
      gradient.length,
      learningRate,
      momentum,
      Number(useNesterov),
      gradient,
      accumulation,
      variable,
    ),
  );
}

/**
 * Adam, in place.
 *
 * Formula: first = β₁·first + (1 − β₁)·g;  second = β₂·second + (1 − β₂)·g²;
 *          variable −= learningRate · (first / (1 − β₁ᵗ)) / (√(second / (1 − β₂ᵗ)) + ε)
 * Source:  Kingma and Ba 2015, arXiv:1412.6980, Algorithm 1
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when the arrays differ in length or overlap
 */
export function adamF32(
  native: NativeContext,
  rule: AdamRule,
  gradient: Float32Array,
  first: Float32Array,
  second: Float32Array,
  variable: Float32Array,
): void {
  const operation = 'adamF32';
  assertState(operation, gradient, { first, second, variable });
  checkStatus(
    operation,
    native.addon.adamF32(
      native.handle,
      gradient.length,
      rule.learningRate,
      rule.beta1,
      rule.beta2,
      rule.epsilon,
      1 / (1 - rule.accumulatedBeta1),
      1 / (1 - rule.accumulatedBeta2),
      gradient,
      first,
      second,
      variable,
    ),
  );
}

// — internals —

function assertState(operation: string, gradient: Float32Array, state: Readonly<Record<string, Float32Array>>): void {
  assertArray(operation, 'gradient', gradient, 'Float32Array', undefined);
  const others: Float32Array[] = [gradient];
  for (const [name, array] of Object.entries(state)) {
    assertArray(operation, name, array, 'Float32Array', gradient.length);
    assertSeparate(operation, array, ...others);
    others.push(array);
  }
}
