import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  editGraph,
  intAttribute,
  type Model,
  type Node,
  packBits,
  type Tensor,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { toyFeeds, toyModel, values } from '../../test/toy-model';
import { quantizeModel } from '../quantize-model';
import { compareModels } from './compare-models';
import type { Comparison } from './comparison';

const source = toyFeeds(4);
const untimed = { source, latencyRuns: 0 } as const;

/** The toy model as QDQ, with 7-bit weights: no kernel of any processor saturates. */
const { model: quantizedToy, floatModel } = await quantizeModel(toyModel(), {
  calibration: source,
  target: 'ort-x64-avx2',
  verifySamples: 0,
});

function layerOf(comparison: Comparison, name: string) {
  const found = comparison.layers.find((layer) => layer.name === name);
  if (found === undefined) throw new Error(`no layer ${name} among ${comparison.layers.map((layer) => layer.name)}`);
  return found;
}

function codes(comparison: Comparison): string[] {
  return comparison.findings.map((finding) => finding.code);
}

describe('compareModels', () => {
  it('finds no difference between a model and itself', async () => {
    const comparison = await compareModels(toyModel(), toyModel(), untimed);
    expect(comparison.outputs.map((output) => output.sqnrDb)).toEqual([Number.POSITIVE_INFINITY]);
    expect(comparison.layers.length).toBeGreaterThan(3);
    expect(comparison.layers.every((layer) => layer.cumulative.noiseShare < 1e-9)).toBe(true);
    expect(comparison.layers.every((layer) => layer.isolated === undefined)).toBe(true);
    expect(codes(comparison)).toContain('good');
  });

  it('compares every layer of a QDQ model, together and alone, and the outputs', async () => {
    const comparison = await compareModels(toyModel(), quantizedToy, untimed);
    expect(comparison.matching.unmatched).toEqual([]);
    expect(comparison.layers.map((layer) => layer.operators.join('+'))).toEqual([
      'Input',
      'Conv+Relu',
      'Conv',
      'Add',
      'GlobalAveragePool',
      'Gemm',
    ]);
    for (const layer of comparison.layers.slice(1)) {
      expect(layer.cumulative.sqnrDb).toBeGreaterThan(20);
      expect(layer.isolated?.sqnrDb ?? 0).toBeGreaterThanOrEqual(layer.cumulative.sqnrDb - 3);
      expect(layer.worstChannels.length).toBeGreaterThan(0);
      expect(layer.codes?.clipped ?? 0).toBeLessThan(0.01);
    }
    expect(layerOf(comparison, 'depthwise').weight).toMatchObject({ dtype: 'int8', granularity: 'perAxis' });
    expect(layerOf(comparison, 'depthwise').weight?.maxErrorInSteps).toBeLessThan(0.51);
    const last = comparison.layers.at(-1);
    expect(comparison.outputs[0]?.sqnrDb).toBeCloseTo(last?.cumulative.sqnrDb ?? 0, 0);
    expect(comparison.memory?.quantized.peakBytes).toBeLessThan(comparison.memory?.float.peakBytes ?? 0);
    expect(comparison.layers.some((layer) => layer.histogram !== undefined)).toBe(true);
  });

  it('adds up the same numbers whatever the batch size', async () => {
    const rows = source.flatMap((feeds) => [0, 1, 2, 3].map((row) => rowOf(feeds['x']?.data as Float32Array, row)));
    const [a, b] = [
      await compareModels(toyModel(), quantizedToy, untimed),
      await compareModels(toyModel(), quantizedToy, { ...untimed, source: rows }),
    ];
    a.layers.forEach((layer, i) => {
      expect(b.layers[i]?.cumulative.noiseShare).toBeCloseTo(layer.cumulative.noiseShare, 8);
      expect(b.layers[i]?.isolated?.noiseShare ?? 0).toBeCloseTo(layer.isolated?.noiseShare ?? 0, 8);
    });
  });

  it('puts its finger on the one layer that is broken', async () => {
    const broken = withInitializer(quantizedToy, 'w2_quantized', (tensor) =>
      tensorFromArray(
        tensor.name,
        DataType.INT8,
        tensor.dims.map(Number),
        Int8Array.from(tensorToFloat32(tensor), (v) => Math.round(v / 16) * 16),
      ),
    );
    const comparison = await compareModels(toyModel(), broken, untimed);
    const weakest = comparison.findings.find((finding) => finding.code === 'weakest-layer');
    expect(weakest?.layers).toEqual(['depthwise']);
    const changed = comparison.findings.find((finding) => finding.code === 'weights-changed');
    expect(changed?.layers).toEqual(['depthwise']);
    expect(layerOf(comparison, 'Gemm_logits').isolated?.sqnrDb).toBeGreaterThan(35);
    expect(layerOf(comparison, 'depthwise').isolated?.sqnrDb).toBeLessThan(30);
  });

  it('matches by topology when every name was lost', async () => {
    const renamed = withoutNames(quantizedToy);
    const [plain, lost] = [
      await compareModels(toyModel(), quantizedToy, untimed),
      await compareModels(toyModel(), renamed, untimed),
    ];
    expect(lost.matching.byTopology).toBeGreaterThan(3);
    expect(lost.matching.unmatched).toEqual([]);
    expect(lost.layers.map((layer) => [layer.name, layer.cumulative.noiseShare])).toEqual(
      plain.layers.map((layer) => [layer.name, layer.cumulative.noiseShare]),
    );
  });

  it('reads QLinear operators: codes are dequantized, and a Relu that saturation does is the tensor compared', async () => {
    const { float, quantized, feeds } = convolutionModels();
    const comparison = await compareModels(float, quantized, { source: feeds, latencyRuns: 0 });
    const layer = layerOf(comparison, 'conv');
    expect(layer).toMatchObject({ operators: ['Conv', 'Relu'], tensor: 'y', matchedBy: 'name', channels: 4 });
    expect(layer.weight).toMatchObject({ dtype: 'int8', granularity: 'perAxis', shape: [4, 2, 3, 3] });
    expect(layer.cumulative.sqnrDb).toBeGreaterThan(20);
    expect(layer.isolated?.sqnrDb).toBeGreaterThan(20);
    expect(layer.codes?.atMin).toBeGreaterThan(0.1);
  });

  it('reads dynamically quantized products, their weights and their bias', async () => {
    const { float, dynamic, feeds } = productModels();
    const comparison = await compareModels(float, dynamic, { source: feeds, latencyRuns: 0 });
    const [layer] = comparison.layers;
    expect(layer).toMatchObject({
      name: 'product',
      operators: ['MatMul', 'Add'],
      quantization: { activations: 'dynamic', weights: true },
    });
    expect(layer?.isolated?.sqnrDb).toBeGreaterThan(35);
    expect(layer?.weight).toMatchObject({ dtype: 'int8', bits: 8 });
    expect(layer?.weight?.sqnrDb).toBeGreaterThan(35);
  });

  it('reads block-quantized weights', async () => {
    const { float, blocks, feeds } = productModels();
    const comparison = await compareModels(float, blocks, { source: feeds, latencyRuns: 0 });
    const [layer] = comparison.layers;
    expect(layer).toMatchObject({ quantization: { activations: 'none', weights: true } });
    expect(layer?.weight).toMatchObject({ dtype: 'uint4', bits: 4, granularity: 'perGroup', shape: [16, 32] });
    expect(layer?.weight?.maxErrorInSteps).toBeLessThan(0.51);
    expect(layer?.isolated?.sqnrDb).toBeCloseTo(layer?.weight?.sqnrDb ?? 0, -1);
    expect(codes(comparison)).toContain('few-weight-bits');
  });

  it('compares channels that were equalized with float scaled the same way', async () => {
    const float = floatModel;
    const scaled = (name: string, axis: number, invert: boolean) => (model: Model) =>
      withInitializer(model, name, (tensor) => scaleChannels(tensor, axis, invert));
    const pipeline = [scaled('w1', 0, false), scaled('w2', 0, true)];
    const names = editGraph(float)
      .initializers()
      .map((tensor) => tensor.name);
    expect(names).toEqual(expect.arrayContaining(['w2']));
    const rescaled = pipeline.reduce((model, change) => change(model), twoConvolutions());
    const comparison = await compareModels(twoConvolutions(), rescaled, untimed);
    const layer = layerOf(comparison, 'first');
    expect(layer.isRescaled).toBe(true);
    expect(layer.cumulative.sqnrDb).toBeGreaterThan(60);
    expect(codes(comparison)).toContain('rescaled-channels');
  });

  it('says which layers have no partner, and why', async () => {
    const other = editGraph(quantizedToy);
    for (const node of other.nodes()) if (node.name === 'depthwise') other.setOperator(node, 'ConvTranspose');
    const comparison = await compareModels(toyModel(), other.finish(), untimed);
    const { unmatched } = comparison.matching;
    expect(unmatched.map(({ model, opType }) => [model, opType])).toEqual([
      ['quantized', 'ConvTranspose'],
      ['float', 'Conv'],
    ]);
    expect(unmatched[0]?.reason).toContain('ConvTranspose');
    expect(codes(comparison)).toContain('not-matched');
    expect(layerOf(comparison, 'Add_sum').notIsolated).toBeUndefined();
  });

  it('refuses models that do not belong together', async () => {
    const { float } = convolutionModels();
    const two = editGraph(float);
    two.addInput(createValueInfo('other', DataType.FLOAT, [1]));
    await expect(compareModels(toyModel(), two.finish(), untimed)).rejects.toMatchObject({ code: 'ERR_INPUT_DATA' });
    await expect(compareModels(toyModel(), float, untimed)).rejects.toThrow(
      /with the same inputs \(.*received an input/,
    );
  });

  it('stops when asked to', async () => {
    const signal = AbortSignal.abort();
    await expect(compareModels(toyModel(), quantizedToy, { ...untimed, signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});

function rowOf(data: Float32Array, row: number) {
  return { x: { type: 'float32' as const, data: data.subarray(row * 192, (row + 1) * 192), dims: [1, 3, 8, 8] } };
}

function withInitializer(model: Model, name: string, change: (tensor: Tensor) => Tensor): Model {
  const edit = editGraph(model);
  const tensor = edit.initializer(name);
  if (tensor === undefined) throw new Error(`no ${name} among ${edit.initializers().map((each) => each.name)}`);
  edit.replaceInitializer(name, change(tensor));
  return edit.finish();
}

function scaleChannels(tensor: Tensor, axis: number, invert: boolean): Tensor {
  const dims = tensor.dims.map(Number);
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const data = tensorToFloat32(tensor).map((value, i) => {
    const gain = 2 ** ((Math.floor(i / inner) % (dims[axis] ?? 1)) - 2);
    return invert ? value / gain : value * gain;
  });
  return tensorFromArray(tensor.name, DataType.FLOAT, dims, data);
}

/** Renames every inner value and node to a number. */
function withoutNames(model: Model): Model {
  const edit = editGraph(model);
  let count = 0;
  for (const node of edit.nodes()) {
    edit.setNodeName(node, `n${count++}`);
    for (const output of node.output) if (!edit.isOutput(output)) edit.renameValue(output, `t${count++}`);
  }
  for (const tensor of edit.initializers()) edit.renameValue(tensor.name, `c${count++}`);
  return edit.finish();
}

function small(
  name: string,
  nodes: Node[],
  initializers: Tensor[],
  dims: readonly (string | number)[],
  output: readonly (string | number)[],
): Model {
  return createModel({
    irVersion: 8,
    opsets: { '': 17, 'com.microsoft': 1 },
    graph: createGraph({
      name,
      nodes,
      initializers,
      inputs: [createValueInfo('x', DataType.FLOAT, dims)],
      outputs: [createValueInfo('z', DataType.FLOAT, output)],
    }),
  });
}

/** Conv → Relu → depthwise Conv, whose channels can be scaled against each other exactly. */
function twoConvolutions(): Model {
  return small(
    'two',
    [
      createNode({ opType: 'Conv', name: 'first', inputs: ['x', 'w1'], outputs: ['c'] }),
      createNode({ opType: 'Relu', name: 'relu', inputs: ['c'], outputs: ['r'] }),
      createNode({
        opType: 'Conv',
        name: 'second',
        inputs: ['r', 'w2'],
        outputs: ['z'],
        attributes: [intAttribute('group', 4)],
      }),
    ],
    [
      tensorFromArray('w1', DataType.FLOAT, [4, 3, 3, 3], values(108, 1)),
      tensorFromArray('w2', DataType.FLOAT, [4, 1, 3, 3], values(36, 2)),
    ],
    ['N', 3, 8, 8],
    ['N', 4, 4, 4],
  );
}

/** Conv → Relu → GlobalAveragePool in float, and with a QLinearConv as onnxruntime writes it. */
function convolutionModels() {
  const weight = values(72, 3);
  const scales = Float32Array.from(
    { length: 4 },
    (_, c) => Math.max(...weight.subarray(c * 18, c * 18 + 18).map(Math.abs)) / 127,
  );
  const [inputScale, outputScale] = [2 / 255, 3 / 255];
  const float = small(
    'float',
    [
      createNode({ opType: 'Conv', name: 'conv', inputs: ['x', 'w'], outputs: ['c'] }),
      createNode({ opType: 'Relu', name: 'relu', inputs: ['c'], outputs: ['y'] }),
      createNode({ opType: 'GlobalAveragePool', name: 'pool', inputs: ['y'], outputs: ['z'] }),
    ],
    [
      tensorFromArray(
        'w',
        DataType.FLOAT,
        [4, 2, 3, 3],
        weight.map((value) => value / 2),
      ),
    ],
    ['N', 2, 8, 8],
    ['N', 4, 1, 1],
  );
  const scalar = (name: string, value: number): Tensor =>
    tensorFromArray(name, DataType.FLOAT, [], Float32Array.of(value));
  const zero = (name: string, value: number): Tensor => tensorFromArray(name, DataType.UINT8, [], Uint8Array.of(value));
  const quantized = small(
    'qoperator',
    [
      createNode({ opType: 'QuantizeLinear', inputs: ['x', 'xs', 'xz'], outputs: ['x_quantized'] }),
      createNode({
        opType: 'QLinearConv',
        name: 'conv_quant',
        inputs: ['x_quantized', 'xs', 'xz', 'w_quantized', 'ws', 'wz', 'ys', 'yz'],
        outputs: ['c_quantized'],
      }),
      createNode({ opType: 'DequantizeLinear', inputs: ['c_quantized', 'ys', 'yz'], outputs: ['c_dequantized'] }),
      createNode({ opType: 'GlobalAveragePool', name: 'pool', inputs: ['c_dequantized'], outputs: ['z'] }),
    ],
    [
      scalar('xs', inputScale),
      zero('xz', 128),
      scalar('ys', outputScale),
      zero('yz', 0),
      tensorFromArray(
        'ws',
        DataType.FLOAT,
        [4],
        scales.map((scale) => scale / 2),
      ),
      tensorFromArray('wz', DataType.INT8, [4], new Int8Array(4)),
      tensorFromArray(
        'w_quantized',
        DataType.INT8,
        [4, 2, 3, 3],
        Int8Array.from(weight, (value, i) => Math.round(value / (scales[Math.floor(i / 18)] as number))),
      ),
    ],
    ['N', 2, 8, 8],
    ['N', 4, 1, 1],
  );
  // A third of the input's range: sums of two products stay within 16 bits on every processor.
  const feeds = [{ x: { type: 'float32' as const, data: values(8 * 128, 5).map((v) => v / 3), dims: [8, 2, 8, 8] } }];
  return { float, quantized, feeds };
}

/** x·W + b in float, with a MatMulInteger, and with a MatMulNBits of 4 bits. */
function productModels() {
  const [rows, columns, block] = [32, 16, 16];
  const weight = values(rows * columns, 7);
  const bias = tensorFromArray('b', DataType.FLOAT, [columns], values(columns, 8));
  const dims = ['N', rows];
  const output = ['N', columns];
  const float = small(
    'float',
    [
      createNode({ opType: 'MatMul', name: 'product', inputs: ['x', 'w'], outputs: ['p'] }),
      createNode({ opType: 'Add', name: 'bias', inputs: ['p', 'b'], outputs: ['z'] }),
    ],
    [tensorFromArray('w', DataType.FLOAT, [rows, columns], weight), bias],
    dims,
    output,
  );
  const dynamic = small(
    'dynamic',
    [
      createNode({ opType: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['xq', 'xs', 'xz'] }),
      createNode({ opType: 'Mul', inputs: ['xs', 'ws'], outputs: ['scales'] }),
      createNode({ opType: 'MatMulInteger', inputs: ['xq', 'wq', 'xz', 'wz'], outputs: ['i'] }),
      createNode({ opType: 'Cast', inputs: ['i'], outputs: ['f'], attributes: [intAttribute('to', DataType.FLOAT)] }),
      createNode({ opType: 'Mul', inputs: ['f', 'scales'], outputs: ['product_scaled'] }),
      createNode({ opType: 'Add', inputs: ['product_scaled', 'b'], outputs: ['z'] }),
    ],
    [
      tensorFromArray('ws', DataType.FLOAT, [], Float32Array.of(1 / 63)),
      tensorFromArray('wz', DataType.INT8, [], Int8Array.of(0)),
      tensorFromArray(
        'wq',
        DataType.INT8,
        [rows, columns],
        Int8Array.from(weight, (value) => Math.round(value * 63)),
      ),
      bias,
    ],
    dims,
    output,
  );
  const scale = 1 / 7;
  const packed = packBits(
    Array.from(
      { length: rows * columns },
      (_, i) => Math.round((weight[(i % rows) * columns + Math.floor(i / rows)] as number) / scale) + 8,
    ),
    4,
    false,
  );
  const blocks = small(
    'blocks',
    [
      createNode({
        opType: 'MatMulNBits',
        domain: 'com.microsoft',
        inputs: ['x', 'wq', 'ws'],
        outputs: ['p'],
        attributes: [
          intAttribute('K', rows),
          intAttribute('N', columns),
          intAttribute('bits', 4),
          intAttribute('block_size', block),
        ],
      }),
      createNode({ opType: 'Add', inputs: ['p', 'b'], outputs: ['z'] }),
    ],
    [
      tensorFromArray('wq', DataType.UINT8, [columns, rows / block, block / 2], packed),
      tensorFromArray(
        'ws',
        DataType.FLOAT,
        [columns * (rows / block)],
        new Float32Array((columns * rows) / block).fill(scale),
      ),
      bias,
    ],
    dims,
    output,
  );
  const feeds = [{ x: { type: 'float32' as const, data: values(16 * rows, 9), dims: [16, rows] } }];
  return { float, dynamic, blocks, feeds };
}
