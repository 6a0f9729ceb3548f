import { seededRandom } from '@bitwright/core';
import { matMulNBits, packNBits } from '@bitwright/kernels-native';
import { intAttribute } from '@bitwright/onnx';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { type MatrixShape, matrixOperations, weightOnly } from '../layers/matrix';
import { alignedFloats } from '../peer/aligned';
import { assertSameReals } from '../peer/assert-codes';
import { createPeer } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';
import { fillIntegers, fillReals } from './random-layer';

/** Two roundings of activations to 8 bits may disagree by one step in 127. */
const int8Tolerance = 0.02;
const floatTolerance = 1e-4;

interface Variant {
  readonly blockSize: number;
  readonly activations: 'int8' | 'float32';
}

function nbitsCase(shape: MatrixShape, { blockSize, activations }: Variant, isQuick: boolean): KernelCase {
  const { m, n, k, name } = shape;
  const blocks = k / blockSize;
  const bytes = n * blocks * (blockSize / 2 + 5);
  const isInt8 = activations === 'int8';
  return {
    name: `${name} blocks of ${blockSize}`,
    group: isInt8 ? 'accuracy level 4' : 'float activations',
    // One row is bound by the bytes of the weights, many rows by arithmetic.
    work: m === 1 ? bytes : matrixOperations(shape),
    limit: m === 1 ? 'read' : isInt8 ? 'i8' : 'f32',
    isQuick,
    prepare: async ({ native, threads }) => {
      const random = seededRandom(blockSize + m);
      const b = fillIntegers(random, new Uint8Array((n * k) / 2), 0, 255);
      const scales = Float32Array.from({ length: n * blocks }, () => 0.01 * (0.5 + random.next()));
      const packed = packNBits(native, { n, k, bits: 4, blockSize, b, scales });
      const a = fillReals(random, alignedFloats(native, m * k));
      const [ours, theirs] = [alignedFloats(native, m * n), alignedFloats(native, m * n)];
      const inputs = { a: { type: 'float32' as const, data: a, dims: [m, k] } };
      const outputs = { y: { type: 'float32' as const, data: theirs, dims: [m, n] } };
      const model = singleNodeModel({
        opType: 'MatMulNBits',
        domain: 'com.microsoft',
        attributes: [
          intAttribute('K', k),
          intAttribute('N', n),
          intAttribute('bits', 4),
          intAttribute('block_size', blockSize),
          intAttribute('accuracy_level', isInt8 ? 4 : 0),
        ],
        order: ['a', 'b', 'scales'],
        inputs,
        constants: {
          b: { type: 'uint8', data: b, dims: [n, blocks, blockSize / 2] },
          scales: { type: 'float32', data: scales, dims: [n * blocks] },
        },
        outputs,
      });
      const peer = await createPeer(model, threads, inputs, outputs);
      const run = (): void => matMulNBits(native, packed, { m, a, activations }, ours);
      run();
      await peer.run();
      assertSameReals(name, ours, peer.output('y'), isInt8 ? int8Tolerance : floatTolerance);
      return { ours: run, peer: () => peer.run(), close: () => peer.close() };
    },
  };
}

/** 4-bit weights against MatMulNBits. */
export const matmulNBits: KernelSuite = {
  name: 'matmul-nbits',
  description:
    '4-bit weights in blocks, against com.microsoft MatMulNBits: activations to int8 (accuracy_level 4) or as they are.',
  cases: (['int8', 'float32'] as const).flatMap((activations) =>
    weightOnly.flatMap((shape) =>
      [32, 128].map((blockSize) =>
        nbitsCase(shape, { blockSize, activations }, activations === 'int8' && blockSize === 32),
      ),
    ),
  ),
};
