import { perTensor, referenceBackend, seededRandom } from '@bitwright/core';
import { dequantizeF32, histogram, quantizeF32 } from '@bitwright/kernels-native';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { createPeer } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';

/** 64 MiB of floats: more than the caches hold. */
const count = 1 << 24;

const grid = {
  shape: [count],
  granularity: perTensor,
  scale: Float32Array.of(0.01),
  zeroPoint: Float32Array.of(128),
  qmin: 0,
  qmax: 255,
} as const;

const scale = { type: 'float32', data: Float32Array.of(0.01), dims: [] } as const;
const zeroPoint = { type: 'uint8', data: Uint8Array.of(128), dims: [] } as const;

function floats(length: number): Float32Array {
  const random = seededRandom(1);
  return Float32Array.from({ length }, () => random.next() * 2 - 1);
}

/** Bins around the data, as calibration counts them. */
const bins = { exponent: -10, firstBin: -1024 };

function histogramCase(name: string, values: number, isQuick: boolean): KernelCase {
  return {
    name,
    group: 'statistics',
    // As many bytes as copying the data moves: the fraction says how close to a copy's speed the data pass.
    work: 8 * values,
    limit: 'copy',
    isQuick,
    prepare: async ({ native }) => {
      const x = floats(values);
      const counts = new Float64Array(2048);
      return {
        ours: () => histogram(native, x, bins, counts),
        peer: () => referenceBackend.histogram(x, bins, counts),
        peerName: 'TypeScript reference',
      };
    },
  };
}

const cases: readonly KernelCase[] = [
  {
    name: 'quantize f32→u8',
    group: 'conversion',
    work: 5 * count,
    limit: 'copy',
    isQuick: true,
    prepare: async ({ native, threads }) => {
      const [x, out] = [floats(count), new Uint8Array(count)];
      const inputs = { x: { type: 'float32', data: x, dims: [count] } } as const;
      const outputs = { y: { type: 'uint8', data: new Uint8Array(count), dims: [count] } } as const;
      const model = singleNodeModel({
        opType: 'QuantizeLinear',
        order: ['x', 's', 'z'],
        inputs,
        constants: { s: scale, z: zeroPoint },
        outputs,
      });
      const peer = await createPeer(model, threads, inputs, outputs);
      return { ours: () => quantizeF32(native, grid, x, out), peer: () => peer.run(), close: () => peer.close() };
    },
  },
  {
    name: 'dequantize u8→f32',
    group: 'conversion',
    work: 5 * count,
    limit: 'copy',
    isQuick: false,
    prepare: async ({ native, threads }) => {
      const [codes, out] = [new Uint8Array(count).map((_, i) => i), new Float32Array(count)];
      const inputs = { x: { type: 'uint8', data: codes, dims: [count] } } as const;
      const outputs = { y: { type: 'float32', data: new Float32Array(count), dims: [count] } } as const;
      const model = singleNodeModel({
        opType: 'DequantizeLinear',
        order: ['x', 's', 'z'],
        inputs,
        constants: { s: scale, z: zeroPoint },
        outputs,
      });
      const peer = await createPeer(model, threads, inputs, outputs);
      return { ours: () => dequantizeF32(native, grid, codes, out), peer: () => peer.run(), close: () => peer.close() };
    },
  },
  histogramCase('histogram of 256 K, 2048 bins', 1 << 18, false),
  histogramCase('histogram, 2048 bins', count, true),
];

/** Passes over memory. */
export const conversion: KernelSuite = {
  name: 'conversion',
  description:
    'One pass over 16 M floats, in GB/s of memory read and written. The limit is a memory copy (its bytes read and written); for ' +
    'the histogram, which writes nothing, the share is the time of copying the data over the time of counting them; the smaller one lies in the caches. ' +
    'A histogram stores once per value, and this core finishes one store to a new cache line per cycle. Peers: QuantizeLinear and DequantizeLinear; core’s TypeScript loop for the histogram.',
  cases,
};
