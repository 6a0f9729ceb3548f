import type * as core from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';

/** What the workloads use of TensorFlow.js, whichever copy it comes from. */
export type TensorFlow = Pick<
  typeof core,
  | 'add'
  | 'dispose'
  | 'erf'
  | 'fused'
  | 'matMul'
  | 'mean'
  | 'memory'
  | 'moments'
  | 'mul'
  | 'oneHot'
  | 'randomNormal'
  | 'randomUniformInt'
  | 'reshape'
  | 'rsqrt'
  | 'softmax'
  | 'square'
  | 'sub'
  | 'tensor1d'
  | 'tidy'
  | 'train'
  | 'transpose'
  | 'variable'
  | 'version_core'
> &
  Pick<typeof layers, 'input' | 'layers' | 'model' | 'sequential'>;
