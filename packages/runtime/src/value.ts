import { elementCount, type LinearScheme, type QuantizedArray, type TensorQuantization } from '@bitwright/core';

/** Parameters of an activation: one scale and zero point, and the codes its scheme uses. */
export interface ActivationCodes {
  readonly scheme: LinearScheme;
  readonly scale: number;
  readonly zeroPoint: number;
  readonly qmin: number;
  readonly qmax: number;
}

/** How elements lie in memory; `shape` is always in ONNX order [N, C, …]. */
export interface Arrangement {
  readonly shape: readonly number[];
  /** `channelsLast`: in memory [N, …, C]. */
  readonly order: 'plain' | 'channelsLast';
}

/** A tensor of codes:  real = scale·(code − zeroPoint). */
export interface CodesValue extends Arrangement {
  readonly kind: 'codes';
  readonly data: QuantizedArray;
  readonly parameters: ActivationCodes;
}

/** A tensor of real numbers. */
export interface RealValue extends Arrangement {
  readonly kind: 'real';
  readonly data: Float32Array;
}

/** What flows between the steps of a model. */
export type Value = CodesValue | RealValue;

/** All codes of a tensor with one scale and zero point. */
export function activationCodesOf({
  scheme,
  qparams,
}: Pick<TensorQuantization, 'scheme' | 'qparams'>): ActivationCodes {
  const { qmin, qmax } = scheme;
  return { scheme, qmin, qmax, scale: qparams.scale[0] as number, zeroPoint: qparams.zeroPoint[0] as number };
}

/** Logical axes in the order they have in memory. */
export function memoryAxes({ shape, order }: Arrangement): readonly number[] {
  const axes = shape.map((_, axis) => axis);
  return order === 'plain' ? axes : [0, ...axes.slice(2), 1];
}

/** Sizes in the order they have in memory. */
export function memoryShape(value: Arrangement): readonly number[] {
  return memoryAxes(value).map((axis) => value.shape[axis] as number);
}

/** Whether both orders are the same bytes: at most one of the channels and the other axes is longer than 1. */
export function isOrderFree({ shape }: Arrangement): boolean {
  return shape.length < 3 || shape[1] === 1 || elementCount(shape.slice(2)) === 1;
}
