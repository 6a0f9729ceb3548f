import { fixedPointMultiplier, InvalidArgumentError, type Requantization } from '@bitwright/core';
import { assertArray, assertInteger } from '../arguments';
import { layoutOf } from '../layout';
import { checkStatus, type NativeContext } from '../native-context';
import type { ByteOrWordCodes } from './binding';
import { assertByteOrWordCodes } from './codes';

const operation = 'requantizeI32';

/**
 * Int32 accumulators to codes by any of core's three methods, to the bit: float32, or fixed point rounding twice (gemmlowp,
 * TFLite) or once. See core's requantize for the formulas.
 *
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when `out` cannot hold the codes, or a fixed-point multiplier is not in (0, 2^13)
 */
export function requantizeI32(context: NativeContext, call: Requantization, out: ByteOrWordCodes): void {
  const { acc, shape, granularity, multiplier, zeroPoint, qmin, qmax, method = 'float' } = call;
  const layout = layoutOf(operation, shape, granularity);
  assertArray(operation, 'acc', acc, 'Int32Array', layout.count);
  assertArray(operation, 'multiplier', multiplier, 'Float32Array', layout.parameters);
  assertByteOrWordCodes(operation, 'out', out, layout.count, call);
  assertInteger(operation, 'zeroPoint', zeroPoint, -65536, 65536);
  assertInteger(operation, 'qmin', qmin, -65536, 65536);
  assertInteger(operation, 'qmax', qmax, qmin, 65536);
  const { addon, handle } = context;
  if (method === 'float') {
    const zeroPoints = new Float32Array(layout.parameters).fill(zeroPoint);
    const grid = [...layout.arguments, multiplier, zeroPoints, qmin, qmax] as const;
    checkStatus(operation, addon.requantize(handle, ...grid, acc, out));
    return;
  }
  if (granularity.kind === 'perGroup') {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'perTensor or perAxis multipliers in fixed point',
      received: 'perGroup',
    });
  }
  const fixed = Array.from(multiplier, fixedPointMultiplier);
  const multipliers = Int32Array.from(fixed, (m) => m.multiplier);
  const exponents = Int32Array.from(fixed, (m) => m.exponent);
  const roundsTwice = method === 'fixedPointTwice' ? 1 : 0;
  const rest = [roundsTwice, multipliers, exponents, zeroPoint, qmin, qmax, acc, out] as const;
  checkStatus(operation, addon.requantizeFixedPoint(handle, ...layout.arguments, ...rest));
}
