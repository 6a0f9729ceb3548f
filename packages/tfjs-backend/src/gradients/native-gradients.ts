import { activationGradients } from './activation-gradients';
import type { NativeGradient } from './native-gradient';
import { reductionGradients } from './reduction-gradients';
import { softmaxGradient } from './softmax-gradient';

/** Every gradient of tfjs that has a native form. */
export const nativeGradients: readonly NativeGradient[] = [
  ...activationGradients,
  ...reductionGradients,
  softmaxGradient,
];
