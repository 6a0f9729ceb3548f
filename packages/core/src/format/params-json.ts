import { InvalidArgumentError } from '../errors';
import type { ParamsJson, ScaleParams } from './number-format';

/** Shortest decimal that rounds to the same float32 (JSON would print the float64 expansion). */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** `{scale}` as plain JSON. */
export function scaleParamsToJson(params: ScaleParams): ParamsJson {
  return { scale: Array.from(params.scale, shortestFloat32) };
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
