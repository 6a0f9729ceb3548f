import { requantizationMultiplier } from '@bitwright/core';
import { gemmI8, packGemmI8 } from '@bitwright/kernels-native';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { bertBase, type MatrixShape, matrixOperations, square } from '../layers/matrix';
import { alignedBytes } from '../peer/aligned';
import { assertSameCodes } from '../peer/assert-codes';
import { createPeer } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';
import { fillIntegers, randomInt8Layer } from './random-layer';

/** uint8 activations, int8 weights with a scale per column, uint8 result. */
function gemmCase(shape: MatrixShape, group: string, isQuick: boolean): KernelCase {
  const { m, n, k, name } = shape;
  return {
    name,
    group,
    work: matrixOperations(shape),
    limit: 'i8',
    isQuick,
    prepare: async ({ native, threads }) => {
      const layer = randomInt8Layer(n, k);
      const { weight: b, inputScale, inputZeroPoint, weightScale, outputScale, outputZeroPoint, random } = layer;
      const a = fillIntegers(random, alignedBytes(native, m * k), 0, 255);
      const [ours, theirs] = [alignedBytes(native, m * n), alignedBytes(native, m * n)];
      const packed = packGemmI8(native, { n, k, b, bLayout: 'KN' });
      const multiplier = requantizationMultiplier(inputScale, weightScale, outputScale);
      const call = {
        m,
        a,
        aZeroPoint: inputZeroPoint,
        to: { multiplier, zeroPoint: outputZeroPoint, qmin: 0, qmax: 255 },
      };
      const inputs = { a: { type: 'uint8' as const, data: a, dims: [m, k] } };
      const outputs = { y: { type: 'uint8' as const, data: theirs, dims: [m, n] } };
      const model = singleNodeModel({
        opType: 'QLinearMatMul',
        order: ['a', 'aScale', 'aZero', 'b', 'bScale', 'bZero', 'yScale', 'yZero'],
        inputs,
        constants: {
          aScale: { type: 'float32', data: Float32Array.of(inputScale), dims: [] },
          aZero: { type: 'uint8', data: Uint8Array.of(inputZeroPoint), dims: [] },
          b: { type: 'int8', data: b, dims: [k, n] },
          bScale: { type: 'float32', data: weightScale, dims: [n] },
          bZero: { type: 'int8', data: new Int8Array(n), dims: [n] },
          yScale: { type: 'float32', data: Float32Array.of(outputScale), dims: [] },
          yZero: { type: 'uint8', data: Uint8Array.of(outputZeroPoint), dims: [] },
        },
        outputs,
      });
      const peer = await createPeer(model, threads, inputs, outputs);
      gemmI8(native, packed, call, ours);
      await peer.run();
      assertSameCodes(name, ours, peer.output('y'));
      return {
        ours: () => gemmI8(native, packed, call, ours),
        peer: () => peer.run(),
        close: () => peer.close(),
      };
    },
  };
}

/** int8 matrix products against QLinearMatMul. */
export const int8Gemm: KernelSuite = {
  name: 'int8-gemm',
  description:
    'uint8 × int8 matrix products with requantization per column, against QLinearMatMul. Weights that are powers of two could be applied by shifts; the limits above say how fast at best, so this is how such weights run, too.',
  cases: [
    ...square.map((shape) => gemmCase(shape, shape.m === 1024 ? 'bar' : 'square', shape.m === 1024)),
    ...bertBase.map((shape, i) => gemmCase(shape, 'bar', i === 0)),
  ],
};
