import { conv2d } from './convolution/conv2d';
import { conv2dBackpropFilter } from './convolution/conv2d-backprop-filter';
import { conv2dBackpropInput } from './convolution/conv2d-backprop-input';
import { depthwiseBackpropFilter } from './convolution/depthwise-backprop-filter';
import { depthwiseBackpropInput } from './convolution/depthwise-backprop-input';
import { depthwiseConv2d } from './convolution/depthwise-conv2d';
import { fusedConv2d } from './convolution/fused-conv2d';
import { fusedDepthwiseConv2d } from './convolution/fused-depthwise-conv2d';
import { activationGradientKernels } from './elementwise/activation-gradient';
import { addN } from './elementwise/add-n';
import { binaryKernels } from './elementwise/binary';
import { clampKernels } from './elementwise/clamp';
import { clipGrad } from './elementwise/clip-gradient';
import { fillKernels } from './elementwise/fill';
import { logicalKernels } from './elementwise/logical';
import { select } from './elementwise/select';
import { unaryKernels } from './elementwise/unary';
import { fakeQuantizeKernels } from './fake-quantize/fake-quantize-kernels';
import { batchMatMul } from './matmul/batch-matmul';
import { einsum } from './matmul/einsum';
import { fusedMatMul } from './matmul/fused-matmul';
import { cast } from './movement/cast';
import { concatKernels } from './movement/concat';
import { gather } from './movement/gather';
import { oneHot } from './movement/one-hot';
import { pad } from './movement/pad';
import { sliceKernels } from './movement/slice';
import { stridedSlice } from './movement/strided-slice';
import { tile } from './movement/tile';
import { transpose } from './movement/transpose';
import type { NativeKernel } from './native-kernel';
import { batchNormTrain, batchNormTrainGrad } from './normalization/batch-norm-train';
import { channelMoments, channelMomentsGrad } from './normalization/channel-moments';
import { foldedBatchNorm, foldedBatchNormGrad } from './normalization/folded-batch-norm';
import { fusedBatchNorm } from './normalization/fused-batch-norm';
import { avgPoolGrad } from './pooling/avg-pool-grad';
import { maxPoolGrad } from './pooling/max-pool-grad';
import { avgPool, maxPool } from './pooling/pooling';
import { argReduceKernels } from './reduction/arg-reduce';
import { reduceKernels } from './reduction/reduce';
import { softmax, softmaxGrad } from './reduction/softmax';
import { unsortedSegmentSum } from './reduction/unsorted-segment-sum';
import { resizeKernels } from './resize/resize';

/** Every kernel that has a native form. */
export const nativeKernels: readonly NativeKernel[] = [
  // Matrix products and convolutions
  batchMatMul,
  fusedMatMul,
  einsum,
  conv2d,
  fusedConv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
  depthwiseConv2d,
  fusedDepthwiseConv2d,
  depthwiseBackpropInput,
  depthwiseBackpropFilter,
  // Pooling
  maxPool,
  maxPoolGrad,
  avgPool,
  avgPoolGrad,
  // Normalization
  fusedBatchNorm,
  batchNormTrain,
  batchNormTrainGrad,
  foldedBatchNorm,
  foldedBatchNormGrad,
  channelMoments,
  channelMomentsGrad,
  // Element-wise
  ...unaryKernels,
  ...clampKernels,
  ...binaryKernels,
  addN,
  ...activationGradientKernels,
  clipGrad,
  ...fillKernels,
  ...logicalKernels,
  select,
  // Reductions
  ...reduceKernels,
  ...argReduceKernels,
  softmax,
  softmaxGrad,
  unsortedSegmentSum,
  // Images
  ...resizeKernels,
  // Data movement
  cast,
  ...concatKernels,
  gather,
  oneHot,
  pad,
  ...sliceKernels,
  stridedSlice,
  tile,
  transpose,
  // Fake quantization
  ...fakeQuantizeKernels,
];
