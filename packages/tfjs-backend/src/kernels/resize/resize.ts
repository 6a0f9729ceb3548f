import { type ResizeF32, resizeBackwardF32, resizeF32 } from '@bitwright/kernels-native';
import {
  ResizeBilinear,
  type ResizeBilinearAttrs,
  ResizeBilinearGrad,
  type ResizeBilinearGradInputs,
  type ResizeBilinearInputs,
  ResizeNearestNeighbor,
  ResizeNearestNeighborGrad,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/**
 * tf.image.resizeBilinear and resizeNearestNeighbor, and their gradients. Shapes: images [N,H,W,C] → [N,newH,newW,C].
 *
 * tfjs' cpu gradients leave half-pixel centers out; these are the gradients of what the forward pass computes.
 */
export const resizeKernels: readonly NativeKernel[] = [
  forward(ResizeBilinear, 'bilinear'),
  forward(ResizeNearestNeighbor, 'nearest'),
  gradient(ResizeBilinearGrad, 'bilinear'),
  gradient(ResizeNearestNeighborGrad, 'nearest'),
];

// — internals —

function forward(kernelName: string, method: ResizeF32['method']): NativeKernel {
  return nativeKernel<ResizeBilinearInputs, ResizeBilinearAttrs>(
    kernelName,
    'float32',
    ({ inputs: { images }, attrs, backend }) => {
      const [outHeight, outWidth] = attrs.size;
      if (!areFloat32(images) || outHeight * outWidth === 0) return undefined;
      const [batch = 0, , , channels = 0] = images.shape;
      const { info, values } = backend.output([batch, outHeight, outWidth, channels]);
      resizeF32(backend.native, resizeOf(method, images, info, attrs), backend.values(images), values);
      return info;
    },
  );
}

function gradient(kernelName: string, method: ResizeF32['method']): NativeKernel {
  return nativeKernel<ResizeBilinearGradInputs, ResizeBilinearAttrs>(
    kernelName,
    'float32',
    ({ inputs: { images, dy }, attrs, backend }) => {
      if (!areFloat32(images, dy)) return undefined;
      const { info, values } = backend.output(images.shape);
      resizeBackwardF32(backend.native, resizeOf(method, images, dy, attrs), backend.values(dy), values);
      return info;
    },
  );
}

function resizeOf(
  method: ResizeF32['method'],
  images: TensorInfo,
  resized: TensorInfo,
  { alignCorners, halfPixelCenters }: Omit<ResizeBilinearAttrs, 'size'>,
): ResizeF32 {
  const [batch = 0, inHeight = 0, inWidth = 0, channels = 0] = images.shape;
  const [, outHeight = 0, outWidth = 0] = resized.shape;
  return { batch, inHeight, inWidth, channels, outHeight, outWidth, method, alignCorners, halfPixelCenters };
}
