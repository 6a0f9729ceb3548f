import { describe, expect, it } from 'vitest';
import { int8PerChannelWeight, int8Weight } from '../presets';
import { assertScheme } from './check-scheme';
import { defineTarget } from './define-target';
import { ortX64 } from './profile/ort-x64';
import type { Target } from './target';
import { findTarget, targets } from './targets';

/** What a user would write by hand or keep in a JSON file. */
const myChip = {
  id: 'my-chip',
  title: 'My chip',
  schemes: {
    activation: { kind: 'linear', dtype: 'int8', mapping: 'symmetric' },
    weight: { kind: 'linear', dtype: 'int8', mapping: 'symmetric', narrowRange: true },
    bias: 'int32',
  },
  dtypes: { activation: ['int8'], weight: ['int8'] },
  constraints: {
    activation: [{ kind: 'linear', dtypes: ['int8'], mappings: ['symmetric'], granularities: ['perTensor'] }],
    weight: [{ kind: 'linear', dtypes: ['int8'], mappings: ['symmetric'], granularities: ['perTensor'] }],
    bias: ['int32'],
  },
  placement: { quantize: 'inputsAndOutputs', floatOutputAllowed: [], weights: 'quantized', explicitZeroPoint: true },
  operators: { Conv: { kind: 'integer' }, Softmax: { kind: 'float', reason: 'no table look-up unit' } },
  peakMacsPerCycle: { npu: { f32: 1, i8: 64 } },
  kernelFormats: ['i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'documentation',
    placement: 'documentation',
    operators: 'documentation',
    sources: ['data sheet'],
  },
  notes: [],
};

describe('defineTarget', () => {
  it('turns a plain value of a user into a target like any other', () => {
    const target = defineTarget(JSON.parse(JSON.stringify(myChip)));
    expect(findTarget('my-chip', [...targets, target])).toBe(target);
    expect(Object.isFrozen(target.operators)).toBe(true);
    expect(() => assertScheme(target, 'weight', int8Weight, 'tensor "w"')).not.toThrow();
    expect(() => assertScheme(target, 'weight', int8PerChannelWeight, 'tensor "w"')).toThrow(/my-chip.*perAxis scales/);
  });

  it('takes a built-in target with a change', () => {
    const mine: Target = { ...ortX64, id: 'ort-x64-mine', kernelFormats: ['f32'] };
    expect(defineTarget(mine)).toEqual(mine);
  });

  it('does not keep a reference to the value it was given', () => {
    const value = structuredClone(myChip);
    defineTarget(value);
    expect(Object.isFrozen(value)).toBe(false);
  });

  it.each<[string, object, RegExp]>([
    ['a missing field', { operators: undefined }, /an object at \$\.operators, received nothing/],
    ['an unknown field', { colour: 'red' }, /only the fields id, title.*received "colour"/],
    ['an id with spaces', { id: 'My chip' }, /lower-case letters.*at \$\.id/],
    [
      'an unknown operator kind',
      { operators: { Conv: { kind: 'fast' } } },
      /at \$\.operators\.Conv\.kind, received "fast"/,
    ],
    ['a float operator without a reason', { operators: { Conv: { kind: 'float' } } }, /\$\.operators\.Conv\.reason/],
    ['an unknown number format', { kernelFormats: ['i7'] }, /at \$\.kernelFormats, received "i7"/],
    ['a rate of zero', { peakMacsPerCycle: { npu: { i8: 0 } } }, /a rate > 0 at \$\.peakMacsPerCycle\.npu\.i8/],
    [
      'a bias that it does not allow',
      { schemes: { ...myChip.schemes, bias: 'float' } },
      /\$\.schemes\.bias to be int32/,
    ],
    [
      'default schemes that break its own constraints',
      { schemes: { ...myChip.schemes, activation: { kind: 'linear', dtype: 'uint8' } } },
      /default activation scheme on my-chip.*uint8 codes/,
    ],
  ])('refuses %s', (_what, change, message) => {
    expect(() => defineTarget({ ...myChip, ...change })).toThrow(message);
  });

  it('refuses what is no object', () => {
    expect(() => defineTarget('ort-x64')).toThrow(/an object at \$, received "ort-x64"/);
  });
});
