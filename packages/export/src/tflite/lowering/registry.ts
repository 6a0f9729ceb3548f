import {
  clampLowering,
  hardSigmoidLowering,
  reciprocalLowering,
  slopeLowering,
  softmaxLowering,
  unaryLowering,
} from './activations';
import { convolutionLowering, transposedConvolutionLowering } from './convolution';
import { gemmLowering, matMulLowering } from './dense';
import { elementwiseLowering, whereLowering } from './elementwise';
import { blockLowering, concatLowering, identityLowering, reshapeLowering, transposeLowering } from './moving';
import type { OperatorLowering } from './operator-lowering';
import { globalPoolLowering, poolLowering } from './pooling';
import { batchNormLowering, castLowering } from './real-operators';
import { reductionLowering } from './reduction';
import { resizeLowering } from './resize';
import { expandLowering, gatherLowering, padLowering, sliceLowering, splitLowering } from './slicing';

const all: readonly OperatorLowering[] = [
  convolutionLowering,
  transposedConvolutionLowering,
  gemmLowering,
  matMulLowering,
  elementwiseLowering,
  whereLowering,
  poolLowering,
  globalPoolLowering,
  reductionLowering,
  reshapeLowering,
  transposeLowering,
  identityLowering,
  concatLowering,
  blockLowering,
  sliceLowering,
  splitLowering,
  gatherLowering,
  padLowering,
  expandLowering,
  clampLowering,
  unaryLowering,
  slopeLowering,
  reciprocalLowering,
  hardSigmoidLowering,
  softmaxLowering,
  resizeLowering,
  batchNormLowering,
  castLowering,
];

/** How each ONNX operator type is lowered. */
export const lowerings: ReadonlyMap<string, OperatorLowering> = /* @__PURE__ */ new Map(
  all.flatMap((lowering) => lowering.opTypes.map((opType): [string, OperatorLowering] => [opType, lowering])),
);
