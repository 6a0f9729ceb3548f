import {
  applyLookupTable,
  integerAdd,
  integerAveragePool,
  integerConcat,
  integerMaxPool,
  integerMul,
  type KernelBackend,
  perAxis,
  type QuantizedArray,
  referenceBackend,
} from '@bitwright/core';
import type { Convolution, ConvolutionCall, ConvolutionWeights, IntegerOperators, ToReals } from './integer-operators';
import { integerSoftmax } from './integer-softmax';

/**
 * Integer operators on any kernel backend: products and requantization are the backend's, all others core's TypeScript loops.
 *
 * @param backend Default: core's reference. Every backend gives the same bits.
 */
export function integerOperators(backend: KernelBackend = referenceBackend): IntegerOperators {
  return Object.freeze<IntegerOperators>({
    name: backend.name,
    backend,
    convolution: (weights) => convolutionOn(backend, weights),
    add: (a, b, output, out) => void integerAdd(a, b, output, out),
    multiply: (a, b, output, out) => void integerMul(a, b, output, out),
    lookup: (codes, table, out) => void applyLookupTable(codes, table, out),
    concat: (inputs, axis, output, out) => void integerConcat(inputs, axis, output, out),
    averagePool: (input, pooling, output, out) =>
      void integerAveragePool(input, { ...pooling, layout: 'NHWC' }, output, out),
    maxPool: (codes, pooling, out) => void integerMaxPool(codes, { ...pooling, layout: 'NHWC' }, out),
    softmax: integerSoftmax,
  });
}

// — internals —

function convolutionOn(backend: KernelBackend, weights: ConvolutionWeights): Convolution {
  const [outputs] = weights.weightShape;
  return {
    run({ to, ...call }: ConvolutionCall, out: QuantizedArray | Float32Array): void {
      const acc = new Int32Array(out.length);
      backend.conv2d({ layout: 'NHWC', ...weights, ...call }, acc);
      if ('zeroPoint' in to) {
        const shape = [out.length / outputs, outputs];
        backend.requantize({ ...to, acc, shape, granularity: perAxis(1) }, out as QuantizedArray);
      } else toReals(acc, to, outputs, out as Float32Array);
    },
  };
}

function toReals(acc: Int32Array, { multiplier, addend }: ToReals, outputs: number, out: Float32Array): void {
  for (let i = 0; i < acc.length; i++) {
    const o = i % outputs;
    const real = Math.fround(Math.fround(acc[i] as number) * (multiplier[o] as number));
    out[i] = addend === undefined ? real : real + (addend[o] as number);
  }
}
