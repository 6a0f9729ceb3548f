import { int16, linearScheme, ortX64, type QuantizationSpec, tensorrt11, uint16 } from '@bitwright/core';
import { assertValidModel, convertOpset, DataType, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { float8Codes, planPlacement, readQdq, writeQdq } from '../src/index';
import { run } from './runtime';
import { specFor } from './spec-for';
import { residualModel } from './toy-models';

const dims = [2, 4, 8, 8];
const raised = (): Model => convertOpset.run(residualModel(), { target: 21 }).model;

/** Root of the mean squared difference over that of the signal. */
function relativeNoise(signal: Float32Array, noisy: Float32Array): number {
  const power = (values: Iterable<number>): number => [...values].reduce((sum, v) => sum + v * v, 0);
  return Math.sqrt(power(signal.map((v, i) => v - noisy[i]!)) / power(signal));
}

function types(model: Model): Set<number> {
  return new Set(model.graph!.initializer.map((tensor) => tensor.dataType));
}

describe('writeQdq in float8', () => {
  const model = raised();
  const ranges = { x: [-1, 1], r1: [-6, 6], r2: [-12, 12], pool: [-6, 6] } as const;
  const spec = specFor(model, planPlacement(model, { target: tensorrt11 }), ranges);

  it('stores weights as E4M3 and runs in onnxruntime', async () => {
    const float8 = writeQdq(
      model,
      spec,
      { ...tensorrt11, placement: { ...tensorrt11.placement, weights: 'quantized' } },
      { format: float8Codes },
    );
    assertValidModel(float8);
    expect(types(float8)).toEqual(new Set([DataType.FLOAT, DataType.FLOAT8E4M3FN]));
    const expected = (await run(model, dims))['logits']!;
    const actual = (await run(float8, dims, 'disabled'))['logits']!;
    // 3 bits of mantissa: each number is off by at most 1/16 of itself, and errors of many numbers average out.
    expect(relativeNoise(expected, actual)).toBeLessThan(1 / 16);
    expect(relativeNoise(expected, actual)).toBeGreaterThan(0);
  });

  it('refuses zero points and old operator sets', () => {
    const asymmetric = specFor(model, planPlacement(model, { target: ortX64 }));
    expect(() => writeQdq(model, asymmetric, ortX64, { format: float8Codes })).toThrow('zero point 0');
    const old = residualModel();
    expect(() =>
      writeQdq(old, specFor(old, planPlacement(old, { target: tensorrt11 })), tensorrt11, { format: float8Codes }),
    ).toThrow('operator set 19');
  });
});

describe('writeQdq with 16-bit activations', () => {
  for (const dtype of [uint16, int16]) {
    it(`gives 256 times finer activations in ${dtype.name}, and reads back`, async () => {
      const model = raised();
      const scheme = linearScheme({ dtype, ...(dtype.signed ? { mapping: 'symmetric' as const } : {}) });
      const target = { ...ortX64, schemes: { ...ortX64.schemes, activation: scheme } };
      const ranges = { x: [-1, 1], r1: [-6, 6], r2: [-12, 12], pool: [-6, 6], c2: [-12, 12] } as const;
      const spec: QuantizationSpec = specFor(model, planPlacement(model, { target }), ranges);
      const fine = writeQdq(model, spec, target);
      assertValidModel(fine);
      const weightsOnly = writeQdq(
        model,
        { ...spec, tensors: Object.fromEntries(Object.entries(spec.tensors).filter(([, t]) => t.role === 'weight')) },
        target,
      );
      const expected = (await run(weightsOnly, dims, 'disabled'))['logits']!;
      const actual = (await run(fine, dims, 'disabled'))['logits']!;
      // Steps of 24/65536 on sums of 36 products: noise far below a thousandth.
      expect(relativeNoise(expected, actual)).toBeLessThan(1e-3);
      expect(readQdq(fine).spec.tensors['x']?.scheme.dtype).toEqual(dtype);
    });
  }
});
