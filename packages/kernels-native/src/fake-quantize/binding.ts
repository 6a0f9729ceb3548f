import type { ContextHandle, LayoutArguments, Status } from '../binding';

/** layout…, scale [G], zeroPoint [G], qmin, qmax. */
export type GridArguments = [
  ...LayoutArguments,
  scale: Float32Array,
  zeroPoint: Float32Array,
  qmin: number,
  qmax: number,
];

/** bind_fake_quantize.cc. */
export interface FakeQuantizeBinding {
  fakeQuantize(context: ContextHandle, ...gridThenArrays: [...GridArguments, x: Float32Array, y: Float32Array]): Status;
  fakeQuantizeBackward(
    context: ContextHandle,
    ...gridThenArrays: [...GridArguments, dy: Float32Array, x: Float32Array, dx: Float32Array]
  ): Status;
  learnedStepBackward(
    context: ContextHandle,
    ...gridThenArrays: [
      ...GridArguments,
      gradientScale: number,
      dy: Float32Array,
      x: Float32Array,
      dx: Float32Array,
      dscale: Float32Array,
      doffset: Float32Array | null,
    ]
  ): Status;
  clippingLevelBackward(
    context: ContextHandle,
    ...gridThenArrays: [
      ...GridArguments,
      gradientScale: number,
      hasFullGradient: number,
      dy: Float32Array,
      x: Float32Array,
      dx: Float32Array,
      dlevel: Float32Array,
    ]
  ): Status;
  softStaircaseBackward(
    context: ContextHandle,
    ...gridThenArrays: [
      ...GridArguments,
      alpha: Float32Array,
      gradientScale: number,
      dy: Float32Array,
      x: Float32Array,
      dx: Float32Array,
      dlower: Float32Array,
      dupper: Float32Array,
      dalpha: Float32Array,
    ]
  ): Status;
}
