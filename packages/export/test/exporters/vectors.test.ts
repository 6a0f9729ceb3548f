import { int8, linearScheme, shortestFloat32, uint8 } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { findExporter } from '../../src/exporters';
import { clipBound } from '../../src/nnie/gfpq-parameters';
import { zeroPointOf } from '../../src/qualcomm/encoding';
import { floatBits, floatFromBits } from '../../src/tensorrt/calibration-cache';
import { oneConvolution, perChannel, specOf, symmetric, tensor, unsigned } from './hand-made-spec';

const text = (files: readonly { readonly bytes: Uint8Array }[]): string => new TextDecoder().decode(files[0]!.bytes);

describe('TensorRT calibration cache', () => {
  it('writes scales as the big-endian bits of float32', () => {
    // Published and executed pairs: 2.54/127, 1/127, 6/127.
    expect([2.54, 1, 6].map((amax) => floatBits(amax / 127))).toEqual(['3ca3d70a', '3c010204', '3d418306']);
    expect(floatFromBits('3c008912')).toBeCloseTo(0.00784518, 8);
    expect(127 * floatFromBits('3c008912')).toBeCloseTo(0.99634, 5);
  });

  it('writes the header, one line per tensor in the order of the graph, LF and a final line end', () => {
    const model = oneConvolution();
    const spec = specOf({
      conv1_out: tensor('activation', symmetric, [0.02]),
      input_1: tensor('activation', symmetric, [floatFromBits('3c010a14')]),
    });
    const exporter = findExporter('tensorrt');
    expect(text(exporter.write(spec, model))).toBe(
      'TRT-8601-EntropyCalibration2\ninput_1: 3c010a14\nconv1_out: 3ca3d70a\n',
    );
    expect(text(exporter.write(spec, model, { version: '7000' })).split('\n')[0]).toBe('TRT-7000-EntropyCalibration2');
  });

  it('reads names with colons, which end at the last one', () => {
    const name = '(Unnamed Layer* 3) [Constant]_output: x';
    const model = oneConvolution({ output: name });
    const cache = `TRT-8601-EntropyCalibration2\ninput_1: 3c010a14\n${name}: 3d418306\n`;
    const files = [{ path: 'c', bytes: new TextEncoder().encode(cache) }];
    const exporter = findExporter('tensorrt');
    expect(exporter.validate(files, model)).toEqual([]);
    expect(exporter.read!(files, model).tensors[name]!.qparams.scale[0]).toBe(Math.fround(6 / 127));
  });

  it('refuses headers, digits and scales that TensorRT would not take', () => {
    const exporter = findExporter('tensorrt');
    const problems = (cache: string): number =>
      exporter.validate([{ path: 'c', bytes: new TextEncoder().encode(cache) }]).length;
    const head = 'TRT-8601-EntropyCalibration2\n';
    expect(problems(`${head}a: 3c010a14\n`)).toBe(0);
    for (const bad of [
      'a: 3c010a1',
      'a:3c010a14',
      'a: 00000000',
      'a: bc010a14',
      'a: 7f800000',
      'a: 7fc00000',
      ': 3c010a14',
      'a: 3c010a14\na: 3c010a14',
    ]) {
      expect(problems(`${head}${bad}\n`), bad).toBeGreaterThan(0);
    }
    expect(problems('TRT-8601-Entropy\na: 3c010a14\n')).toBe(1);
    expect(problems(`${head}a: 3c010a14`)).toBe(1);
  });
});

describe('TensorRT dynamic ranges', () => {
  it('are 127 scales in both flavours', () => {
    const spec = specOf({
      input_1: tensor('activation', symmetric, [0.5]),
      conv1_out: tensor('activation', symmetric, [2]),
    });
    const exporter = findExporter('tensorrt-ranges');
    expect(JSON.parse(text(exporter.write(spec, oneConvolution())))).toEqual({
      act_quant_info: { input_1: 63.5, conv1_out: 254 },
    });
    expect(JSON.parse(text(exporter.write(spec, oneConvolution(), { version: 'mqbench' })))).toEqual({
      tensorrt: { blob_range: { input_1: 63.5, conv1_out: 254 } },
    });
  });
});

describe('ncnn table', () => {
  it('writes weight rows first, then input rows, as multipliers', () => {
    const narrow = linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true });
    const spec = specOf({
      input_1: tensor('activation', narrow, [0.25]),
      w: tensor('weight', perChannel, [0.01, 0.005]),
    });
    expect(text(findExporter('ncnn').write(spec, oneConvolution()))).toBe('conv1_param_0 100 200\nconv1 4\n');
  });

  it('calls half a layer, an empty line and other counts of multipliers invalid', () => {
    const exporter = findExporter('ncnn');
    const problems = (table: string): number =>
      exporter.validate([{ path: 't', bytes: new TextEncoder().encode(table) }], oneConvolution()).length;
    expect(problems('conv1_param_0 100 200\nconv1 4\n')).toBe(0);
    for (const bad of [
      'conv1 4\n',
      'conv1_param_0 1 2\n',
      'conv1_param_0 1 2\n\nconv1 4\n',
      'conv1_param_0 1\nconv1 4 5\n',
      'conv1_param_0 0 1\nconv1 4\n',
      'other_param_0 1 2\nother 4\n',
      'conv1_param_0 1 2 3\nconv1 4\n',
    ]) {
      expect(problems(bad), bad).toBeGreaterThan(0);
    }
  });

  it('warns of 3×3 convolutions beyond ±31 by the name of the first', () => {
    expect(findExporter('ncnn').check(specOf({}, []), oneConvolution()).notes.join()).not.toContain('Winograd');
  });
});

describe('Qualcomm encodings', () => {
  const spec = specOf({
    input_1: tensor('activation', unsigned, [0.01], [100]),
    w: tensor('weight', symmetric, [0.01]),
    conv1_out: tensor('activation', unsigned, [0.5], [0]),
  });
  const write = (version: string) => JSON.parse(text(findExporter('qnn').write(spec, oneConvolution(), { version })));

  it('0.6.1: offsets are negative and added, symmetric is a string', () => {
    const { version, activation_encodings: a, param_encodings: p, quantizer_args: args } = write('0.6.1');
    expect(version).toBe('0.6.1');
    expect(a.input_1).toEqual([
      { bitwidth: 8, dtype: 'int', is_symmetric: 'False', min: -1, max: 1.55, offset: -100, scale: 0.01 },
    ]);
    expect(p.w).toEqual([
      { bitwidth: 8, dtype: 'int', is_symmetric: 'True', min: -1.28, max: 1.27, offset: -128, scale: 0.01 },
    ]);
    expect(args).toEqual({
      activation_bitwidth: 8,
      dtype: 'int',
      is_symmetric: true,
      param_bitwidth: 8,
      per_channel_quantization: false,
      quant_scheme: 'post_training_tf',
    });
  });

  it('unversioned: bitwidth, min, max, offset and scale only', () => {
    const root = write('unversioned');
    expect(Object.keys(root)).toEqual(['activation_encodings', 'param_encodings']);
    expect(root.param_encodings.w).toEqual([{ bitwidth: 8, max: 1.27, min: -1.28, offset: -128, scale: 0.01 }]);
  });

  it('1.0.0: lists of named entries with arrays', () => {
    const root = write('1.0.0');
    expect(root.activation_encodings[0]).toEqual({
      name: 'input_1',
      enc_type: 'PER_TENSOR',
      dtype: 'INT',
      bw: 8,
      is_sym: false,
      scale: [0.01],
      offset: [-100],
    });
    expect(root.excluded_layers).toEqual([]);
  });

  it('2.0.0: the zero points of ONNX', () => {
    expect(write('2.0.0').encodings[0]).toEqual({
      name: 'input_1',
      output_dtype: 'uint8',
      y_scale: 0.01,
      y_zero_point: 100,
    });
  });

  it('turns offsets into zero points', () => {
    expect([zeroPointOf(-100, 8, false), zeroPointOf(-128, 8, true), zeroPointOf(-118, 8, true)]).toEqual([
      100, 0, -10,
    ]);
  });

  it('refuses positive offsets and bounds that contradict them', () => {
    const problems = (entry: object): number => {
      const root = { version: '0.6.1', activation_encodings: { input_1: [entry] }, param_encodings: {} };
      return findExporter('qnn').validate([{ path: 'e', bytes: new TextEncoder().encode(JSON.stringify(root)) }])
        .length;
    };
    const good = { bitwidth: 8, dtype: 'int', is_symmetric: 'False', min: -1, max: 1.55, offset: -100, scale: 0.01 };
    expect(problems(good)).toBe(0);
    for (const change of [
      { offset: 100 },
      { offset: -256 },
      { offset: -99.5 },
      { scale: 0 },
      { scale: null },
      { min: -1.5 },
      { max: 2 },
      { bitwidth: 3 },
    ]) {
      expect(problems({ ...good, ...change }), JSON.stringify(change)).toBeGreaterThan(0);
    }
  });
});

describe('other records', () => {
  it('OpenVINO: levels and bounds of FakeQuantize', () => {
    const spec = specOf({
      input_1: tensor('activation', unsigned, [0.5], [10]),
      w: tensor('weight', perChannel, [0.01, 0.02]),
    });
    const { tensors } = JSON.parse(text(findExporter('openvino-fake-quantize').write(spec, oneConvolution())));
    // low = scale·(qmin − zeroPoint), high = scale·(qmax − zeroPoint)
    expect(tensors.input_1).toMatchObject({
      levels: 256,
      shape: [],
      input_low: [-5],
      input_high: [122.5],
      output_low: [-5],
    });
    expect(tensors.w).toMatchObject({ levels: 255, shape: [2, 1, 1, 1] });
    expect(tensors.w.input_high.map(shortestFloat32)).not.toContain(Number.NaN);
  });

  it('Vitis: positions of powers of two, and nothing else', () => {
    const pow2 = linearScheme({ dtype: int8, mapping: 'symmetric', scaleForm: 'powerOfTwo' });
    const spec = specOf({ input_1: tensor('activation', pow2, [2 ** -5]), w: tensor('weight', pow2, [2]) });
    const exporter = findExporter('vitis');
    expect(JSON.parse(text(exporter.write(spec, oneConvolution())))).toEqual({ input_1: [8, 5], w: [8, -1] });
    expect(JSON.parse(text(exporter.write(spec, oneConvolution(), { version: 'mqbench' })))).toEqual({
      vitis: { input_1: { scale: 2 ** -5 }, w: { scale: 2 } },
    });
    const other = specOf({ input_1: tensor('activation', symmetric, [0.02]) });
    expect(() => exporter.write(other, oneConvolution())).toThrow(/tensor "input_1".*a scale 2\^−p with integer p/);
  });

  it('Tengine: scale and zero point, single spaces', () => {
    const spec = specOf({
      input_1: tensor('activation', unsigned, [0.02], [114]),
      conv1_out: tensor('activation', unsigned, [0.5]),
    });
    expect(text(findExporter('tengine').write(spec, oneConvolution()))).toBe('input_1 0.02 114\nconv1_out 0.5 0\n');
  });

  it('PPLNN: one amax per line in the text flavour, parameters with hash and dominator in the JSON', () => {
    const spec = specOf({
      input_1: tensor('activation', symmetric, [0.5]),
      w: tensor('weight', perChannel, [0.25, 0.5]),
    });
    const exporter = findExporter('pplnn');
    expect(text(exporter.write(spec, oneConvolution(), { version: 'cuda' }))).toBe('input_1: 64\n');
    const { quant_info: info, op_info: operators } = JSON.parse(text(exporter.write(spec, oneConvolution())));
    expect(info.w).toMatchObject({
      bit_width: 8,
      per_channel: true,
      sym: true,
      scale: [0.25, 0.5],
      q_min: -127,
      q_max: 127,
      dominator: info.w.hash,
    });
    expect(operators).toEqual({ conv1: { data_type: 'INT8' } });
  });

  it('Ascend: offsets of uint8 less 128, offsets of weights 0', () => {
    const away = linearScheme({ dtype: uint8, rounding: 'halfAway' });
    const spec = specOf({
      input_1: tensor('activation', away, [0.01], [125]),
      w: tensor('weight', perChannel, [0.002, 0.003]),
    });
    expect(text(findExporter('ascend').write(spec, oneConvolution())).replace(/\s+/g, ' ').trim()).toBe(
      'record { key: "conv1" value { scale_d: 0.01 offset_d: -3 scale_w: 0.002 scale_w: 0.003 offset_w: 0 offset_w: 0 } }',
    );
  });

  it('NNIE: the next bound with 16·log2(c) an integer', () => {
    expect([1, 1.01, 1.05].map(clipBound)).toEqual([1, 2 ** (1 / 16), 2 ** (2 / 16)]);
    expect(clipBound(2 ** (1 / 16))).toBe(2 ** (1 / 16));
    // The published entries of the table: 1.044274, 1.090508.
    expect([2 ** (1 / 16), 2 ** (2 / 16)].map((c) => c.toFixed(6))).toEqual(['1.044274', '1.090508']);
  });

  it('MNN: the bytes of the message', () => {
    const narrow = linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true, rounding: 'halfAway' });
    const spec = specOf({ input_1: tensor('activation', narrow, [0.5]) });
    const [file] = findExporter('mnn').write(spec, oneConvolution());
    // input: 0a 07 "input_1", bits 8, scale 0.5, zero point 0, clamps −127 (ten bytes of varint) and 127
    const input = '0a07696e7075745f31' + '1008' + '1d0000003f' + '2000' + '2881ffffffffffffffff01' + '307f';
    const layer = `0a${(input.length / 2).toString(16)}${input}20003205636f6e7631`;
    const parameters = `080122${(layer.length / 2).toString(16)}${layer}`;
    const algorithm = `080012${(parameters.length / 2).toString(16)}${parameters}`;
    const pipeline = `0a05302e302e3012${(algorithm.length / 2).toString(16)}${algorithm}`;
    expect(Buffer.from(file!.bytes).toString('hex')).toBe(pipeline);
  });
});
