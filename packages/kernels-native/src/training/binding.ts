import type { ContextHandle, Status } from '../binding';

/** bind_batch_norm.cc. */
export interface BatchNormBinding {
  momentsF32(
    context: ContextHandle,
    rows: number,
    channels: number,
    x: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
  ): Status;
  batchNormF32(
    context: ContextHandle,
    rows: number,
    channels: number,
    epsilon: number,
    x: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
    gamma: Float32Array | null,
    beta: Float32Array | null,
    residual: Float32Array | null,
    y: Float32Array,
    minimum: number,
    maximum: number,
  ): Status;
  batchNormBackwardF32(
    context: ContextHandle,
    rows: number,
    channels: number,
    epsilon: number,
    dy: Float32Array,
    x: Float32Array,
    y: Float32Array | null,
    mean: Float32Array,
    variance: Float32Array,
    gamma: Float32Array | null,
    dx: Float32Array,
    dgamma: Float32Array | null,
    dbeta: Float32Array | null,
  ): Status;
}

/** bind_optimizer.cc. */
export interface OptimizerBinding {
  sgdF32(
    context: ContextHandle,
    n: number,
    learningRate: number,
    gradient: Float32Array,
    variable: Float32Array,
  ): Status;
  momentumF32(
    context: ContextHandle,
    n: number,
    learningRate: number,
    momentum: number,
    nesterov: number,
    gradient: Float32Array,
    accumulation: Float32Array,
    variable: Float32Array,
  ): Status;
  adamF32(
    context: ContextHandle,
    n: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    firstCorrection: number,
    secondCorrection: number,
    gradient: Float32Array,
    first: Float32Array,
    second: Float32Array,
    variable: Float32Array,
  ): Status;
}
