import { conv2d } from './convolution/conv2d';
import { conv2dBackpropFilter } from './convolution/conv2d-backprop-filter';
import { conv2dBackpropInput } from './convolution/conv2d-backprop-input';
import { fusedConv2d } from './convolution/fused-conv2d';
import { activationGradientKernels } from './elementwise/activation-gradient';
import { binaryKernels } from './elementwise/binary';
import { clampKernels } from './elementwise/clamp';
import { fillKernels } from './elementwise/fill';
import { select } from './elementwise/select';
import { unaryKernels } from './elementwise/unary';
import { fakeQuantizeKernels } from './fake-quantize/fake-quantize-kernels';
import { batchMatMul } from './matmul/batch-matmul';
import { fusedMatMul } from './matmul/fused-matmul';
import { cast } from './movement/cast';
import { concatKernels } from './movement/concat';
import { gather } from './movement/gather';
import { oneHot } from './movement/one-hot';
import { pad } from './movement/pad';
import { sliceKernels } from './movement/slice';
import { tile } from './movement/tile';
import { transpose } from './movement/transpose';
import type { NativeKernel } from './native-kernel';
import { batchNormTrain, batchNormTrainGrad } from './normalization/batch-norm-train';
import { fusedBatchNorm } from './normalization/fused-batch-norm';
import { argReduceKernels } from './reduction/arg-reduce';
import { reduceKernels } from './reduction/reduce';
import { softmax, softmaxGrad } from './reduction/softmax';

/** Every kernel that has a native form. */
export const nativeKernels: readonly NativeKernel[] = [
  // Matrix products and convolutions
  batchMatMul,
  fusedMatMul,
  conv2d,
  fusedConv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
  // Normalization
  fusedBatchNorm,
  batchNormTrain,
  batchNormTrainGrad,
  // Element-wise
  ...unaryKernels,
  ...clampKernels,
  ...binaryKernels,
  ...activationGradientKernels,
  ...fillKernels,
  select,
  // Reductions
  ...reduceKernels,
  ...argReduceKernels,
  softmax,
  softmaxGrad,
  // Data movement
  cast,
  ...concatKernels,
  gather,
  oneHot,
  pad,
  ...sliceKernels,
  tile,
  transpose,
  // Fake quantization
  ...fakeQuantizeKernels,
];
