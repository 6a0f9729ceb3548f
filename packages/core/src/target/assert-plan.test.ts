import { describe, expect, it } from 'vitest';
import { binaryScheme } from '../format/binary';
import { perAxis } from '../granularity';
import { int8Activation, int8PerChannelWeight, uint8Activation } from '../presets';
import type { QParams } from '../qparams';
import {
  emptySpec,
  type QuantizationSpec,
  type TensorQuantization,
  withNodes,
  withTensors,
} from '../quantization-spec';
import { makeSpec } from '../quantization-spec-check';
import { biasScheme } from '../scheme';
import { assertPlan, planProblems } from './assert-plan';
import { findTarget } from './targets';

const provenance = { tool: { name: 'test', version: '0' } };
const qparams = (scale: number[]): QParams => ({
  scale: Float32Array.from(scale),
  zeroPoint: new Int32Array(scale.length),
});

const x: TensorQuantization = {
  role: 'activation',
  scheme: uint8Activation,
  qparams: qparams([0.1]),
  origin: { source: 'calibration' },
};
const w: TensorQuantization = {
  role: 'weight',
  scheme: int8PerChannelWeight,
  qparams: qparams([0.25, 0.5]),
  origin: { source: 'dataFree' },
};
const b: TensorQuantization = {
  role: 'bias',
  scheme: biasScheme(perAxis(0)),
  qparams: qparams([Math.fround(0.1) * 0.25, Math.fround(0.1) * 0.5]),
  origin: { source: 'derived', from: ['x', 'w'] },
};

const plan: QuantizationSpec = withNodes(withTensors(emptySpec('ort-x64-vnni', provenance), { x, w, b }), {
  conv: { kind: 'integer', operator: 'Conv' },
  soft: { kind: 'float', operator: 'Tanh', reason: 'no kernel' },
});

describe('assertPlan', () => {
  it('accepts a plan that the target can run', () => {
    expect(planProblems(plan, findTarget('ort-x64-vnni'))).toEqual([]);
    expect(() => assertPlan(plan, findTarget('ort-arm64'))).not.toThrow();
  });

  it('refuses the same plan on a target that cannot run it, naming the tensor and how many more there are', () => {
    expect(() => assertPlan(plan, findTarget('tensorrt-11'))).toThrow(
      /tensor "b" on tensorrt-11: expected no quantized bias.*1 more of the plan's entries/,
    );
    expect(planProblems(plan, findTarget('tensorrt-11')).map((problem) => problem.where)).toEqual([
      'tensor "b"',
      'tensor "x"',
    ]);
  });

  it('refuses 8-bit weights where the CPU would saturate', () => {
    expect(planProblems(plan, findTarget('ort-x64-avx2'))).toMatchObject([{ where: 'tensor "w"' }]);
  });

  it('refuses a bias whose scale no longer is the product of its input and weight scales', () => {
    const changed = withTensors(plan, { w: { ...w, qparams: qparams([0.25, 0.25]) } });
    expect(planProblems(changed, findTarget('ort-x64'))).toEqual([
      {
        where: 'tensor "b"',
        expected: 'bias scale 0.02500000037252903 = scaleX · scaleW at parameter 1',
        received: '0.05000000074505806',
        hint: 'Derive the bias again after changing the scales of its input or weight.',
      },
    ]);
  });

  it('refuses an integer node whose operator the target runs in float, with the reason', () => {
    const changed = withNodes(plan, {
      t: { kind: 'integer', operator: 'Tanh' },
      u: { kind: 'integer', operator: 'Nope' },
    });
    const problems = planProblems(changed, findTarget('ort-x64'));
    expect(problems.map((problem) => problem.where)).toEqual(['node "t"', 'node "u"']);
    expect(problems[0]?.expected).toMatch(/Tanh in float \(onnxruntime does not fuse it/);
    expect(problems[1]?.expected).toBe('an operator that ort-x64 knows');
  });

  it('refuses scales that the format cannot carry', () => {
    const tiny = makeSpec({
      target: 'ascend',
      provenance,
      tensors: { y: { ...x, scheme: { ...int8Activation, rounding: 'halfAway' }, qparams: qparams([1e-9]) } },
    });
    expect(planProblems(tiny, findTarget('ascend'))).toMatchObject([{ expected: /scales within \[1\.19/ }]);
  });

  it('checks plans with non-linear formats too', () => {
    const binary = makeSpec({
      target: 'academic',
      provenance,
      tensors: {
        w: {
          role: 'weight',
          scheme: binaryScheme(),
          qparams: { scale: Float32Array.of(1) },
          origin: { source: 'training' },
        },
      },
    });
    expect(planProblems(binary, findTarget('academic'))).toEqual([]);
    expect(planProblems(binary, findTarget('tflite'))).toMatchObject([{ where: 'tensor "w"' }]);
  });
});
