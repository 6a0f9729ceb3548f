import { perTensor, referenceBackend, seededRandom } from '@bitwright/core';
import { fakeQuantizeF32, learnedStepBackwardF32, minMax, softStaircaseBackwardF32 } from '@bitwright/kernels-native';
import type { KernelSuite } from '../kernels/kernel-suite';

/** 64 MiB of floats: more than the caches hold. */
const count = 1 << 24;

const data = (): Float32Array => {
  const random = seededRandom(1);
  return Float32Array.from({ length: count }, () => random.next() * 2 - 1);
};

const grid = {
  shape: [count],
  granularity: perTensor,
  scale: Float32Array.of(0.01),
  zeroPoint: Float32Array.of(128),
  qmin: 0,
  qmax: 255,
} as const;

/** Fused fake quantization, its gradients (LSQ, DSQ) and min–max: one pass over memory each. */
export const fakeQuantize: KernelSuite = {
  name: 'fake-quantize',
  description:
    'Fused passes over 16 M floats, in GB/s of memory read and written, against the copy bandwidth: fake quantization, its gradients with a learned step (LSQ) and with a soft staircase (DSQ: two exponentials per value), min–max.',
  cases: [
    {
      name: 'forward',
      group: 'passes',
      work: 8 * count,
      limit: 'copy',
      isQuick: true,
      prepare: async ({ native }) => {
        const [x, out] = [data(), new Float32Array(count)];
        return { ours: () => fakeQuantizeF32(native, grid, x, out) };
      },
    },
    {
      name: 'learned step backward',
      group: 'passes',
      work: 12 * count,
      limit: 'copy',
      isQuick: true,
      prepare: async ({ native }) => {
        const [x, dy, dx, dscale] = [data(), data(), new Float32Array(count), new Float32Array(1)];
        return { ours: () => learnedStepBackwardF32(native, grid, dy, x, { dx, dscale }, 1) };
      },
    },
    {
      name: 'soft staircase backward',
      group: 'passes',
      work: 12 * count,
      limit: 'copy',
      isQuick: false,
      prepare: async ({ native }) => {
        const [x, dy, dx] = [data(), data(), new Float32Array(count)];
        const alpha = Float32Array.of(0.2);
        const gradients = {
          dx,
          dlower: new Float32Array(1),
          dupper: new Float32Array(1),
          dalpha: new Float32Array(1),
        };
        return { ours: () => softStaircaseBackwardF32(native, grid, alpha, dy, x, gradients, 1) };
      },
    },
    {
      name: 'min-max',
      group: 'passes',
      work: 4 * count,
      limit: 'read',
      isQuick: true,
      prepare: async ({ native }) => {
        const x = { data: data(), shape: [count] };
        const out = { min: new Float32Array(1), max: new Float32Array(1) };
        return {
          ours: () => minMax(native, x, perTensor, out),
          peer: () => referenceBackend.minMax(x, perTensor, out),
          peerName: 'TypeScript reference',
        };
      },
    },
  ],
};
