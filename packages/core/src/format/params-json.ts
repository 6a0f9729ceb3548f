import { InvalidArgumentError } from '../errors';
import { shortestFloat32s } from '../shortest-float32';
import type { ParamsJson, ScaleParams } from './number-format';

/** A typed array as a plain one; an indexed loop, because spreading millions of entries is slow. */
export function plainNumbers(values: ArrayLike<number>): number[] {
  const out = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) out[i] = values[i] as number;
  return out;
}

/** `{scale}` as plain JSON. */
export function scaleParamsToJson(params: ScaleParams): ParamsJson {
  return { scale: shortestFloat32s(params.scale) };
}

/**
 * Reads `{scale}` back.
 *
 * @throws {InvalidArgumentError} when there is no such array of numbers
 */
export function scaleParamsFromJson(json: unknown): ScaleParams {
  return Object.freeze({ scale: Float32Array.from(numbersAt(json, 'scale')) });
}

/**
 * The array of finite numbers under `key`.
 *
 * @throws {InvalidArgumentError} when there is none
 */
export function numbersAt(json: unknown, key: string): readonly number[] {
  const value = (json as Record<string, unknown> | null | undefined)?.[key];
  if (Array.isArray(value) && value.every((v) => Number.isFinite(v))) return value;
  throw new InvalidArgumentError({
    operation: '[core] paramsFromJson',
    expected: `an array of finite numbers under "${key}"`,
    received: JSON.stringify(value)?.slice(0, 40) ?? 'nothing',
  });
}
