import { describe, expect, it } from 'vitest';
import { fitArray, fitSample } from './model-input';

const image = { name: 'input', type: 'float32', dims: ['N', 3, 32, 32] };

describe('fitArray', () => {
  it('takes the first axis as the samples', () => {
    expect(fitArray([512, 3, 32, 32], image, 'x')).toMatchObject({ count: 512, sampleDims: [3, 32, 32] });
  });

  it('takes an array without the samples axis as one sample', () => {
    expect(fitArray([3, 32, 32], image, 'x')).toMatchObject({ count: 1, isSingle: true });
  });

  it('takes samples that bring their own axis of 1, and complete recurrent states', () => {
    expect(fitArray([8, 1, 3, 32, 32], image, 'x')).toMatchObject({ count: 8, sampleDims: [1, 3, 32, 32] });
    const state = { name: 'h', type: 'float32', dims: [2, 'N', 64] };
    expect(fitArray([5, 2, 1, 64], state, 'x')).toMatchObject({ count: 5, sampleDims: [2, 1, 64] });
    expect(fitSample([2, 1, 64], state, 'x')).toBe('whole');
  });

  it('names input, both shapes and a swapped layout', () => {
    expect(() => fitArray([10, 32, 32, 3], image, 'calib.npy')).toThrow(
      /\[N,3,32,32\] for input 'input'.*\[10,32,32,3\] from calib\.npy\. The data look like NHWC/,
    );
    const last = { name: 'x', type: 'float32', dims: [1, 224, 224, 3] };
    expect(() => fitArray([10, 3, 224, 224], last, 'calib.npy')).toThrow(/look like NCHW and the model takes NHWC/);
  });

  it('suggests a reshape or a size', () => {
    expect(() => fitArray([10, 3072], image, 'x')).toThrow(/reshape the samples to \[3,32,32\]/);
    expect(() => fitArray([10, 3, 64, 64], image, 'x')).toThrow(/--resize 32x32/);
  });
});
