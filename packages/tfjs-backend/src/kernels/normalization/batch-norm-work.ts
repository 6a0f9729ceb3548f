import { batchNormInferF32 } from '@bitwright/kernels-native';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { FusableWork } from '../../deferred/fusable-work';

/** x [rows,channels] seen as a matrix. */
export interface BatchNormSize {
  readonly rows: number;
  readonly channels: number;
  readonly epsilon: number;
}

/** A tensor whose last axis are the channels; undefined without channels. */
export function batchNormSize({ shape }: TensorInfo, epsilon: number): BatchNormSize | undefined {
  const channels = shape.at(-1) ?? 0;
  return channels === 0 ? undefined : { rows: util.sizeFromShape(shape) / channels, channels, epsilon };
}

/** [channels] each. */
export interface BatchNormParameters {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  /** 1 when null. */
  readonly gamma: Float32Array | null;
  /** 0 when null. */
  readonly beta: Float32Array | null;
}

/** y = (x − mean) · gamma / sqrt(variance + ε) + beta, as work that a residual and an activation can join. */
export function batchNormWork(size: BatchNormSize, x: Float32Array, parameters: BatchNormParameters): FusableWork {
  const { mean, variance, gamma, beta } = parameters;
  return {
    operands: [x, mean, variance, gamma, beta].filter((operand) => operand !== null),
    takes: ['residual', 'activation'],
    run: ({ native }, out, epilogue) => batchNormInferF32(native, size, x, mean, variance, gamma, beta, out, epilogue),
  };
}

/** The same function as y = x · scale + shift. */
export function affineForm(
  { channels, epsilon }: BatchNormSize,
  { mean, variance, gamma, beta }: BatchNormParameters,
): { scale: Float32Array; shift: Float32Array } {
  const scale = new Float32Array(channels);
  const shift = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    scale[c] = (gamma?.[c] ?? 1) / Math.sqrt((variance[c] as number) + epsilon);
    shift[c] = (beta?.[c] ?? 0) - (mean[c] as number) * (scale[c] as number);
  }
  return { scale, shift };
}
