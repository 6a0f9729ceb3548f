import { int8, linearScheme, perGroup } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { exporters, findExporter } from '../../src/exporters';
import { oneConvolution, perChannel, specOf, symmetric, tensor, unsigned } from './hand-made-spec';

const activation = tensor('activation', symmetric, [0.5]);

/** A spec of one convolution with names of one's choice. */
function named(input: string, node = 'conv1') {
  const model = oneConvolution({ input, node });
  const spec = specOf({ [input]: activation, w: tensor('weight', perChannel, [0.01, 0.02]) }, [node]);
  return { model, spec };
}

describe('names that would corrupt a file', () => {
  const controls = ['a\nb', 'a\rb', 'a\tb', 'a\0b', 'a\u0085b', 'a\u2028b', '\ud800'];

  it.each([
    'tensorrt-cache',
    'tensorrt-ranges',
    'tengine-scale',
    'qualcomm-encodings',
    'pplnn-json',
    'rknn-config',
    'safetensors',
    'npz',
  ])('%s refuses control characters and half surrogates in tensor names', (id) => {
    for (const name of controls) {
      const { model, spec } = named(name);
      const { problems } = findExporter(id).check(spec, model);
      expect(problems.map(({ expected }) => expected).join(), JSON.stringify(name)).toMatch(
        /without control characters|valid Unicode/,
      );
    }
  });

  it.each(['ncnn-table', 'ascend-record'])('%s refuses them in node names', (id) => {
    for (const name of controls) {
      const { model, spec } = named('x', name);
      expect(findExporter(id).check(spec, model).problems.length, JSON.stringify(name)).toBeGreaterThan(0);
    }
  });

  it('refuses what separates fields', () => {
    const refusal = (id: string, input: string, node?: string): string => {
      const { model, spec } = named(input, node);
      return JSON.stringify(findExporter(id).check(spec, model).problems[0] ?? 'none');
    };
    expect(refusal('tengine-scale', 'a b')).toContain('without a space');
    expect(refusal('ncnn-table', 'x', 'a b')).toContain('without a space');
    expect(refusal('ncnn-table', 'x', 'a_param_0')).toContain('_param_');
    expect(refusal('ncnn-table', 'x', 'n'.repeat(300))).toContain('at most 247 bytes');
    expect(refusal('ascend-record', 'x', 'a"b')).toContain('without a quotation mark');
    expect(refusal('npz', '../x')).toContain('without a step out of the archive');
    // A cache may hold spaces and colons: TensorRT splits at the last colon.
    expect(refusal('tensorrt-cache', 'a: b')).toBe('"none"');
  });

  it('takes names of any script, and keys that JavaScript objects have of themselves', () => {
    for (const name of ['größe/卷积_0', 'constructor', 'toString']) {
      const { model, spec } = named(name);
      const exporter = findExporter('tensorrt-cache');
      const files = exporter.write(spec, model);
      expect(Object.keys(exporter.read!(files, model).tensors)).toEqual([name]);
    }
  });
});

describe('what a format cannot express', () => {
  const blocks = linearScheme({ dtype: int8, mapping: 'symmetric', granularity: perGroup(1, 1) });

  it('refuses per-channel weights where a format has one scale', () => {
    const spec = specOf({ x: activation, w: tensor('weight', perChannel, [0.01, 0.02]) });
    const model = oneConvolution({ input: 'x' });
    expect(findExporter('vitis').check(spec, model).problems[0]).toMatchObject({
      where: 'tensor "w"',
      expected: 'one scale',
    });
  });

  it.each(['ncnn-table', 'openvino-fake-quantize', 'pplnn-json', 'rknn-config', 'mnn-compression', 'tflite'])(
    '%s refuses blocks',
    (id) => {
      const spec = specOf({
        x: tensor('activation', id === 'tflite' ? unsigned : symmetric, [0.5]),
        conv1_out: tensor('activation', id === 'tflite' ? unsigned : symmetric, [0.5]),
        w: tensor('weight', blocks, [0.01, 0.02, 0.01, 0.02]),
      });
      const { problems } = findExporter(id).check(spec, oneConvolution({ input: 'x' }));
      expect(problems.map(({ where }) => where).join()).toMatch(/w|conv1/);
    },
  );

  it('refuses asymmetric activations where a format has no zero point, by tensor, with the way out', () => {
    const spec = specOf({ x: tensor('activation', linearScheme({ dtype: int8 }), [0.5], [3]) });
    for (const id of ['tensorrt-cache', 'tensorrt-ranges', 'ncnn-table']) {
      const { problems } = findExporter(id).check(
        { ...spec, tensors: { ...spec.tensors, w: tensor('weight', perChannel, [0.01, 0.02]) } },
        oneConvolution({ input: 'x' }),
      );
      expect(problems[0]).toMatchObject({
        where: 'tensor "x"',
        received: '3',
        hint: expect.stringContaining('--target'),
      });
    }
  });

  it('never throws from check, whatever the spec', () => {
    const odd = [
      specOf({}),
      specOf({ nothing: activation }),
      specOf({ x: tensor('activation', symmetric, []) }),
      specOf({ x: tensor('activation', symmetric, [Number.NaN]) }),
      specOf({ w: tensor('activation', symmetric, [1]), x: tensor('weight', symmetric, [1]) }),
    ];
    for (const exporter of exporters) {
      for (const spec of odd) {
        expect(() => exporter.check(spec, oneConvolution({ input: 'x' })), exporter.id).not.toThrow();
      }
    }
  });
});
