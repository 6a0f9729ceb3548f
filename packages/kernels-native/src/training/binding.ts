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
