import { describe, expect, it } from 'vitest';
import { checkScheme } from './check-scheme';
import { defineTarget } from './define-target';
import { peakFormats } from './instruction-set/instruction-set';
import { instructionSets } from './instruction-set/instruction-sets';
import type { SchemeRule } from './scheme-rule';
import { findTarget, targets } from './targets';

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

function dtypesOf(rules: readonly SchemeRule[]): string[] {
  return [...new Set(rules.flatMap((rule) => (rule.kind === 'linear' ? rule.dtypes : [])))].sort();
}

describe('built-in targets', () => {
  it('have unique ids', () => {
    expect(new Set(targets.map((target) => target.id)).size).toBe(targets.length);
  });

  it('cover every family that the project promises', () => {
    expect(targets.map((target) => target.id)).toEqual([
      'ort-x64',
      'ort-x64-avx2',
      'ort-x64-vnni',
      'ort-arm64',
      'ort-web',
      'ort-web-webgpu',
      'tensorrt-10',
      'tensorrt-11',
      'openvino',
      'snpe',
      'qnn',
      'ncnn',
      'tflite',
      'vitis',
      'tengine',
      'mnn',
      'rknn',
      'ascend',
      'pplnn',
      'academic',
    ]);
  });

  it('are found by id, and an unknown id lists the known ones', () => {
    expect(findTarget('ncnn').title).toBe('ncnn');
    expect(() => findTarget('ncn')).toThrow(/ort-x64, ort-x64-avx2.*received "ncn"/);
  });
});

describe.each(targets.map((target) => [target.id, target] as const))('target %s', (_id, target) => {
  it('is frozen all the way down', () => {
    expect(isDeeplyFrozen(target)).toBe(true);
  });

  it('survives JSON and is a legal target value', () => {
    const copy = JSON.parse(JSON.stringify(target)) as unknown;
    expect(copy).toEqual(target);
    expect(defineTarget(copy)).toEqual(target);
  });

  it('can run its own default schemes', () => {
    expect(checkScheme(target, 'activation', target.schemes.activation)).toEqual({ isRunnable: true });
    expect(checkScheme(target, 'weight', target.schemes.weight)).toEqual({ isRunnable: true });
    expect(target.constraints.bias).toContain(target.schemes.bias);
  });

  it('lists as dtypes exactly those of its constraints', () => {
    if (target.id === 'academic') return;
    expect([...target.dtypes.activation].sort()).toEqual(dtypesOf(target.constraints.activation));
    expect([...target.dtypes.weight].sort()).toEqual(dtypesOf(target.constraints.weight));
  });

  it('gives a reason for every operator it leaves in float', () => {
    for (const support of Object.values(target.operators)) {
      if (support.kind === 'float') expect(support.reason.length).toBeGreaterThan(10);
    }
  });

  it('names its evidence and its sources', () => {
    const { schemes, placement, operators, sources } = target.evidence;
    for (const level of [schemes, placement, operators])
      expect(['run', 'source', 'documentation', 'unverified']).toContain(level);
    expect(sources.length).toBeGreaterThan(0);
  });

  it('takes its peak rates from the instruction-set tables', () => {
    for (const [isa, rates] of Object.entries(target.peakMacsPerCycle)) {
      const table = instructionSets.find((set) => set.id === isa);
      for (const [format, macs] of Object.entries(rates)) {
        expect(peakFormats).toContain(format);
        expect(macs).toBe(table?.rates[format as 'f32']?.macsPerCycle);
      }
    }
  });
});

describe('facts that targets must not lose', () => {
  it('onnxruntime on x86 without VNNI keeps int8 weights within ±64, since two products must fit a saturating int16', () => {
    // 2 · 255 · 64 = 32,640 ≤ 32,767 < 2 · 255 · 65 = 33,150
    expect(2 * 255 * 64).toBeLessThanOrEqual(32_767);
    expect(2 * 255 * 65).toBeGreaterThan(32_767);
    for (const id of ['ort-x64', 'ort-x64-avx2']) {
      const { weight } = findTarget(id).schemes;
      expect([weight.qmin, weight.qmax]).toEqual([-64, 64]);
    }
    const vnni = findTarget('ort-x64-vnni').schemes.weight;
    expect([vnni.qmin, vnni.qmax]).toEqual([-127, 127]);
  });

  it('onnxruntime on x86 and web gets uint8 activations, arm64 int8', () => {
    expect(findTarget('ort-x64').schemes.activation.dtype.name).toBe('uint8');
    expect(findTarget('ort-web').schemes.activation.dtype.name).toBe('uint8');
    expect(findTarget('ort-arm64').schemes.activation.dtype.name).toBe('int8');
  });

  it('TensorRT and onnxruntime place quantizers differently', () => {
    expect(findTarget('tensorrt-11').placement).toMatchObject({ quantize: 'inputs', residualAdd: 'oneInput' });
    expect(findTarget('tensorrt-11').schemes.bias).toBe('float');
    expect(findTarget('ort-x64').placement.quantize).toBe('inputsAndOutputs');
  });

  it('TFLite prescribes the output of sigmoid and softmax', () => {
    const output = { scale: 1 / 256, zeroPoint: -128 };
    expect(findTarget('tflite').operators['Softmax']).toEqual({ kind: 'integer', output });
    expect(findTarget('tflite').operators['Sigmoid']).toEqual({ kind: 'integer', output });
  });
});
