import { describe, expect, it } from 'vitest';
import { readTfjsKernels } from './tfjs-kernels';

const kernels = { native: [{ kernelName: 'Conv2D', covers: 'float32 NHWC' }], borrowed: ['FFT'] };

describe('readTfjsKernels', () => {
  it('lists the kernels of the installed backend', async () => {
    expect(await readTfjsKernels(async () => ({ kernelSupport: async () => kernels }))).toEqual(kernels);
  });

  it('is undefined where the backend or TensorFlow.js is missing, and passes other errors on', async () => {
    const missing = Object.assign(new Error('missing'), { code: 'ERR_MODULE_NOT_FOUND' });
    expect(await readTfjsKernels(() => Promise.reject(missing))).toBeUndefined();
    await expect(readTfjsKernels(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});
