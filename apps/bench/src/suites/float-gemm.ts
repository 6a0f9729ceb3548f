import { seededRandom } from '@bitwright/core';
import { gemmF32, packMatrixF32 } from '@bitwright/kernels-native';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { bertBase, type MatrixShape, matrixOperations, square } from '../layers/matrix';
import { createPeer, type PeerTensor } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';
import { assertSameFloats } from './same-floats';

/** Float matrix products, the yardstick of everything with fewer bits. */
export const floatGemm: KernelSuite = {
  name: 'float-gemm',
  description:
    'float32 products [M, K]·[K, N] with constant weights against MatMul of onnxruntime, both sides pack them beforehand.',
  cases: [
    ...square.map((shape) => productCase('square', shape)),
    ...bertBase.map((shape) => productCase('BERT-base', shape)),
  ],
};

// — internals —

function productCase(group: string, shape: MatrixShape): KernelCase {
  const { m, k, n, name } = shape;
  return {
    name,
    group,
    work: matrixOperations(shape),
    limit: 'f32',
    isQuick: name === '1024×1024×1024' || name === '128×768×768',
    prepare: async ({ native, threads }) => {
      const random = seededRandom(1);
      const floats = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.next() - 0.5);
      const [a, b, out] = [floats(m * k), floats(k * n), new Float32Array(m * n)];
      const tensor = (data: Float32Array, dims: readonly number[]): PeerTensor => ({ type: 'float32', data, dims });
      const inputs = { a: tensor(a, [m, k]) };
      const outputs = { y: tensor(new Float32Array(m * n), [m, n]) };
      const constants = { b: tensor(b, [k, n]) };
      const model = singleNodeModel({ opType: 'MatMul', order: ['a', 'b'], inputs, constants, outputs });
      const peer = await createPeer(model, threads, inputs, outputs);
      const packed = packMatrixF32(native, { k, n }, b);
      const ours = (): void => gemmF32(native, { m, n, k }, a, packed, out);
      ours();
      await peer.run();
      assertSameFloats(name, out, peer.output('y'), k);
      return { ours, peer: peer.run, close: peer.close };
    },
  };
}
