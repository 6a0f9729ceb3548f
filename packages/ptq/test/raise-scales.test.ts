import { findTarget, ortX64, representableRange, type Target, type TensorQuantization } from '@bitwright/core';
import { DataType, editGraph, graphIndex, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { loadRuntime, quantizeModel } from '../src';
import { raiseScales } from '../src/raise-scales';
import { toyFeeds, toyModel } from './toy-model';

const ascend = findTarget('ascend');
const smallest = 2 ** -23;

/** The toy network with two output channels of its first convolution all but dead. */
function dyingModel() {
  const model = toyModel();
  const initializer = model.graph && graphIndex(model.graph).initializer('w1');
  if (initializer === undefined) throw new Error('the toy network has no w1');
  const data = tensorToFloat32(initializer).map((v, i) => (Math.floor(i / 27) % 4 === 1 ? v * 1e-12 : v));
  const edit = editGraph(model);
  edit.removeInitializer('w1');
  edit.addInitializer(tensorFromArray('w1', DataType.FLOAT, [8, 3, 3, 3], data));
  return edit.finish();
}

/** onnxruntime, which quantizes biases, with the bound of Ascend. */
const bounded: Target = {
  ...ortX64,
  constraints: {
    ...ortX64.constraints,
    weight: ortX64.constraints.weight.map((rule) =>
      rule.kind === 'linear' ? { ...rule, scale: { min: smallest, max: 1 / smallest } } : rule,
    ),
  },
};

function activation(scale: number, zeroPoint: number): TensorQuantization {
  const qparams = { scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zeroPoint) };
  return { role: 'activation', scheme: ascend.schemes.activation, qparams, origin: { source: 'calibration' } };
}

describe('scales below what a target carries', () => {
  it('are raised in dead channels, which the report says', async () => {
    const runtime = await loadRuntime();
    const { spec, report } = await quantizeModel(dyingModel(), {
      calibration: toyFeeds(8),
      runtime,
      target: 'ascend',
      verifySamples: 0,
    });
    const weights = Object.entries(spec.tensors).filter(([, { role }]) => role === 'weight');
    const raised = weights.filter(([, { origin }]) => origin.note?.includes('raised') ?? false);
    expect(raised).toHaveLength(1);
    const [name, { qparams, origin }] = raised[0] as [string, TensorQuantization];
    expect(origin.note).toBe('scale raised to the smallest that the target carries (1.19e-7), in channels 1, 5');
    expect([...qparams.scale].map((s) => s === smallest)).toEqual([0, 1, 0, 0, 0, 1, 0, 0].map(Boolean));
    expect(report.warnings).toContain(`weight "${name}": ${origin.note}`);
  });

  it('say so even where they are enlarged again for a bias', async () => {
    const runtime = await loadRuntime();
    const edit = editGraph(dyingModel());
    edit.replaceInitializer('beta', tensorFromArray('beta', DataType.FLOAT, [8], new Float32Array(8).fill(50)));
    const options = { calibration: toyFeeds(8), runtime, target: bounded, verifySamples: 0 };
    const { spec } = await quantizeModel(edit.finish(), options);
    const notes = Object.values(spec.tensors).flatMap(({ origin }) => origin.note ?? []);
    expect(
      notes.filter((note) => /^scale raised .*; scale enlarged so that bias ".*" fits int32$/.test(note)),
    ).toHaveLength(1);
  });

  it('stay raised where weights are rounded adaptively', async () => {
    const runtime = await loadRuntime();
    const { spec } = await quantizeModel(dyingModel(), {
      calibration: toyFeeds(8),
      runtime,
      target: 'ascend',
      bits: { weightBits: 4, keepFirstAndLast: false },
      rounding: 'gptq',
      verifySamples: 0,
    });
    for (const { role, qparams } of Object.values(spec.tensors))
      if (role === 'weight') expect(Math.min(...qparams.scale)).toBeGreaterThanOrEqual(smallest);
  });

  it('move the zero point of an activation along: 0 stays exact, and the range is still covered', () => {
    const tensor = activation(2 ** -25, 100);
    const { qparams, scheme } = raiseScales(tensor, ascend);
    // min = −100·2^-25 = −25·2^-23.
    expect(qparams).toEqual({ scale: Float32Array.of(smallest), zeroPoint: Int32Array.of(25) });
    const [before, after] = [representableRange(tensor.qparams, scheme), representableRange(qparams, scheme)];
    expect(after.min[0]).toBe(before.min[0]);
    expect(after.max[0]).toBeGreaterThan(before.max[0] as number);
  });

  it('stay where they fit, or where the target has no bound', () => {
    const fitting = activation(smallest, 3);
    expect(raiseScales(fitting, ascend)).toBe(fitting);
    const tiny = activation(1e-20, 3);
    expect(raiseScales(tiny, findTarget('ort-x64'))).toBe(tiny);
  });

  it('are at least the bound where that is no float32', () => {
    const ncnn = findTarget('ncnn');
    const tensor: TensorQuantization = { ...activation(1e-12, 0), scheme: ncnn.schemes.activation };
    const rule = ncnn.constraints.activation[0];
    const bound = rule?.kind === 'linear' ? (rule.scale?.min ?? 0) : 0;
    expect(bound).toBeGreaterThan(0);
    const scale = raiseScales(tensor, ncnn).qparams.scale[0] as number;
    expect(scale).toBeGreaterThanOrEqual(bound);
    expect(scale).toBeLessThan(bound * (1 + 2 ** -22));
  });
});
