import {
  clippingLevelBackwardF32,
  fakeQuantizeBackwardF32,
  fakeQuantizeF32,
  learnedStepBackwardF32,
  softStaircaseBackwardF32,
} from '@bitwright/kernels-native';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { type CodeAttrs, gridOf } from './grid';

const covers = 'float32, parameters per tensor or along neighbouring axes';

interface GridInputs {
  readonly [name: string]: TensorInfo | undefined;
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly zeroPoint?: TensorInfo | undefined;
}

interface GradInputs extends GridInputs {
  readonly dy: TensorInfo;
}

/** y = (saturate(round(x/scale) + zeroPoint) − zeroPoint)·scale; without a zero point the step alone. */
function forward(name: string): NativeKernel {
  return nativeKernel<GridInputs, CodeAttrs>(name, covers, ({ inputs: { x, scale, zeroPoint }, attrs, backend }) => {
    const grid = areFloat32(x, scale, zeroPoint) ? gridOf(x, scale, zeroPoint, attrs, backend) : undefined;
    if (grid === undefined) return undefined;
    const { info, values } = backend.output(x.shape);
    fakeQuantizeF32(backend.native, grid, backend.values(x), values);
    return info;
  });
}

const fakeQuantizeGrad = nativeKernel<GradInputs, CodeAttrs>(
  'BitwrightFakeQuantizeGrad',
  covers,
  ({ inputs: { dy, x, scale, zeroPoint }, attrs, backend }) => {
    const grid = areFloat32(dy, x, scale, zeroPoint) ? gridOf(x, scale, zeroPoint, attrs, backend) : undefined;
    if (grid === undefined) return undefined;
    const dx = backend.output(x.shape);
    fakeQuantizeBackwardF32(backend.native, grid, backend.values(dy), backend.values(x), dx.values);
    return dx.info;
  },
);

interface ScaledAttrs extends CodeAttrs {
  readonly gradientScale: number;
}

/** LSQ: → dx, dscale. With a zero point LSQ+: → dx, dscale, doffset. */
function learnedStepGrad(name: string): NativeKernel {
  return nativeKernel<GradInputs, ScaledAttrs>(name, covers, ({ inputs, attrs, backend }) => {
    const { dy, x, scale, zeroPoint } = inputs;
    const grid = areFloat32(dy, x, scale, zeroPoint) ? gridOf(x, scale, zeroPoint, attrs, backend) : undefined;
    if (grid === undefined) return undefined;
    const dx = backend.output(x.shape);
    const dscale = backend.output(scale.shape);
    const doffset = zeroPoint === undefined ? undefined : backend.output(scale.shape);
    const out = { dx: dx.values, dscale: dscale.values, doffset: doffset?.values };
    learnedStepBackwardF32(backend.native, grid, backend.values(dy), backend.values(x), out, attrs.gradientScale);
    return doffset === undefined ? [dx.info, dscale.info] : [dx.info, dscale.info, doffset.info];
  });
}

/** PACT: → dx, dlevel. */
const clippingLevelGrad = nativeKernel<GradInputs, ScaledAttrs & { readonly hasFullGradient: number }>(
  'BitwrightPactGrad',
  covers,
  ({ inputs: { dy, x, scale }, attrs, backend }) => {
    const grid = areFloat32(dy, x, scale) ? gridOf(x, scale, undefined, attrs, backend) : undefined;
    if (grid === undefined) return undefined;
    const dx = backend.output(x.shape);
    const dlevel = backend.output(scale.shape);
    clippingLevelBackwardF32(
      backend.native,
      grid,
      backend.values(dy),
      backend.values(x),
      { dx: dx.values, dlevel: dlevel.values },
      { gradientScale: attrs.gradientScale, hasFullGradient: attrs.hasFullGradient === 1 },
    );
    return [dx.info, dlevel.info];
  },
);

/** DSQ: → dx, dlower, dupper, dalpha. */
const softStaircaseGrad = nativeKernel<GradInputs & { readonly alpha: TensorInfo }, CodeAttrs>(
  'BitwrightDsqGrad',
  covers,
  ({ inputs: { dy, x, scale, zeroPoint, alpha }, attrs, backend }) => {
    const isCovered = areFloat32(dy, x, scale, zeroPoint, alpha);
    const grid = isCovered ? gridOf(x, scale, zeroPoint, attrs, backend) : undefined;
    if (grid === undefined) return undefined;
    const dx = backend.output(x.shape);
    const dlower = backend.output(scale.shape);
    const dupper = backend.output(scale.shape);
    const dalpha = backend.output(scale.shape);
    softStaircaseBackwardF32(
      backend.native,
      grid,
      backend.values(alpha),
      backend.values(dy),
      backend.values(x),
      { dx: dx.values, dlower: dlower.values, dupper: dupper.values, dalpha: dalpha.values },
      1,
    );
    return [dx.info, dlower.info, dupper.info, dalpha.info];
  },
);

/**
 * Fused fake quantization for @bitwright/qat-plugin, which looks these names up in tfjs' kernel registry and composes the same
 * numbers from ordinary operations on backends without them. Formulas: packages/qat-plugin/src/ops.
 */
export const fakeQuantizeKernels: readonly NativeKernel[] = [
  forward('BitwrightFakeQuantize'),
  forward('BitwrightLsq'),
  fakeQuantizeGrad,
  learnedStepGrad('BitwrightLsqGrad'),
  learnedStepGrad('BitwrightLsqPlusGrad'),
  clippingLevelGrad,
  softStaircaseGrad,
];
