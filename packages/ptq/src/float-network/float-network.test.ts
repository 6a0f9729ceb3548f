import {
  type ConvolutionBackend,
  entropy,
  type Observer,
  type RangeStats,
  referenceBackend,
  referenceConvolution,
  type TensorView,
} from '@bitwright/core';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  floatAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  tensorFromArray,
} from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { tapTensors } from '../augment-graph';
import { type CalibrationResult, calibrate, calibrateExtremes } from '../calibrate';
import type { Feeds, FeedTensor } from '../feeds';
import { prepareModel } from '../prepare-model';
import { residualNetwork, smoothSamples, values } from '../rounding/__fixtures__/residual-network';
import { loadRuntime, type Runtime } from '../session';
import { createFloatNetwork, type FloatNetwork } from './float-network';

/** The residual network with branches: pools and a Concat in front of its last pool. */
function branchedNetwork(): Model {
  const model = residualNetwork();
  const graph = model.graph ?? expect.fail();
  const at = graph.node.findIndex(({ opType }) => opType === 'GlobalAveragePool');
  const pool = (opType: string, output: string): Node =>
    createNode({
      opType,
      name: output,
      inputs: ['g'],
      outputs: [output],
      attributes: [intsAttribute('kernel_shape', [3, 3]), intsAttribute('pads', [1, 1, 1, 1])],
    });
  const joined = createNode({
    opType: 'Concat',
    name: 'join',
    inputs: ['g1', 'g2'],
    outputs: ['g3'],
    attributes: [intAttribute('axis', 1)],
  });
  graph.node.splice(at, 0, pool('MaxPool', 'g1'), pool('AveragePool', 'g2'), joined);
  const last = graph.node.find(({ opType }) => opType === 'GlobalAveragePool') ?? expect.fail();
  last.input[0] = 'g3';
  const head = graph.initializer.findIndex(({ name }) => name === 'head.w');
  const rows = graph.initializer[head]?.dims.map(Number) ?? [];
  const doubled = rows.map((size) => (size === 6 ? 12 : size));
  graph.initializer[head] = tensorFromArray('head.w', DataType.FLOAT, doubled, values(48, 9));
  return model;
}

const model = prepareModel(branchedNetwork()).model;
const tensors = (model.graph?.node ?? []).flatMap((node) => node.output);
let runtime: Runtime;
beforeAll(async () => {
  runtime = await loadRuntime(ort);
});

const networkOf = (one: Model, wanted: readonly string[], kernels: ConvolutionBackend = referenceConvolution) =>
  createFloatNetwork(one, { kernels, runtime, tensors: wanted });

async function firstBatch(count: number): Promise<Feeds> {
  for await (const feeds of smoothSamples(count, count).batches(count)) return feeds;
  throw new Error('no samples');
}

/** What the network shows of one batch, copied. */
function shown(network: FloatNetwork | undefined, feeds: Feeds): Map<string, TensorView> {
  const found = new Map<string, TensorView>();
  network?.run(feeds, (name, { data, shape }) => {
    expect(found.has(name)).toBe(false);
    found.set(name, { data: data.slice(), shape });
  });
  return found;
}

/** [N,C,H,W] of the runtime beside [N,H,W,C] of the network. */
function largestDifference(theirs: FeedTensor, { data, shape }: TensorView): number {
  const [n = 0, h = 1, w = 1, c = 1] = shape;
  expect(theirs.data.length).toBe(n * h * w * c);
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const [channel, pixel, image] = [i % c, Math.floor(i / c) % (h * w), Math.floor(i / (c * h * w))];
    const other = Number(theirs.data[(image * c + channel) * h * w + pixel]);
    largest = Math.max(largest, Math.abs((data[i] as number) - other));
  }
  return largest;
}

describe('createFloatNetwork', () => {
  it('shows every value as the runtime computes it, for batches of any size', async () => {
    const network = await networkOf(model, tensors);
    const session = await runtime.createSession(encodeModel(tapTensors(model, tensors)));
    for (const count of [3, 2, 3]) {
      const feeds = await firstBatch(count);
      const expected = await session.run(feeds, tensors);
      const found = shown(network, feeds);
      expect([...found.keys()].sort()).toEqual([...tensors].sort());
      for (const [name, view] of found)
        expect(largestDifference(expected[name] as FeedTensor, view)).toBeLessThan(1e-5);
    }
    await session.release();
  });

  it('leaves out what nobody asked for', async () => {
    const [first] = tensors as [string];
    const network = await networkOf(model, [first]);
    const feeds = await firstBatch(2);
    expect([...shown(network, feeds).keys()]).toEqual([first]);
  });

  it('refuses an input that is not what the model declares', async () => {
    const network = await networkOf(model, tensors);
    const name = model.graph?.input[0]?.name ?? '';
    const small: Feeds = { [name]: { type: 'float32', data: new Float32Array(3 * 4), dims: [1, 3, 2, 2] } };
    expect(() => shown(network, small)).toThrow(/float32\[\?,.*\[1,3,2,2\]/);
    expect(() => shown(network, {})).toThrow(/float32\[\?/);
  });

  it.each<[string, Node, readonly (number | string)[]]>([
    ['an operator kernels do not have', createNode({ opType: 'Tanh', inputs: ['x'], outputs: ['y'] }), ['N', 3, 4, 4]],
    ['samples cut into more', createNode({ opType: 'Reshape', inputs: ['x', 'cut'], outputs: ['y'] }), ['N', 4]],
    ['a fixed number of samples', createNode({ opType: 'Relu', inputs: ['x'], outputs: ['y'] }), [8, 3]],
    ['images of open size', createNode({ opType: 'Relu', inputs: ['x'], outputs: ['y'] }), ['N', 3, 'H', 'W']],
    [
      'a scaled product',
      createNode({
        opType: 'Gemm',
        inputs: ['x', 'w'],
        outputs: ['y'],
        attributes: [floatAttribute('alpha', 2)],
      }),
      ['N', 3],
    ],
    ['a bias that is no vector', createNode({ opType: 'Gemm', inputs: ['x', 'w', 's'], outputs: ['y'] }), ['N', 3]],
    [
      'a convolution over one axis',
      createNode({
        opType: 'Conv',
        inputs: ['x', 'w1'],
        outputs: ['y'],
        attributes: [intsAttribute('pads', [1, 1])],
      }),
      ['N', 3, 4],
    ],
  ])('leaves a model with %s to the runtime', async (_, node, dims) => {
    const one = createModel({
      irVersion: 8,
      opsets: { '': 17 },
      graph: createGraph({
        name: 'one',
        inputs: [createValueInfo('x', DataType.FLOAT, dims)],
        outputs: [createValueInfo('y', DataType.FLOAT)],
        nodes: [node],
        initializers: [
          tensorFromArray('w', DataType.FLOAT, [3, 2], values(6, 1)),
          tensorFromArray('w1', DataType.FLOAT, [2, 3, 3], values(18, 1)),
          tensorFromArray('s', DataType.FLOAT, [1], values(1, 1)),
          tensorFromArray('cut', DataType.INT64, [2], BigInt64Array.of(-1n, 2n)),
        ],
      }),
    });
    expect(await networkOf(one, ['y'])).toBeUndefined();
  });
});

describe('calibration on kernels', () => {
  const backend = { ...referenceBackend, ...referenceConvolution };
  const inputs = { tensors: [model.graph?.input[0]?.name ?? '', ...tensors], batchSize: 8, limit: 20 };

  it('sees what calibration in the runtime sees', async () => {
    const source = smoothSamples(20, 7);
    const { observer } = entropy();
    const options = { ...inputs, runtime, source, observer };
    const [ours, theirs] = [await calibrate(model, { ...options, backend }), await calibrate(model, options)];
    expect(ours.samples).toBe(20);
    const extremes = [
      await calibrateExtremes(model, { ...options, backend }),
      await calibrateExtremes(model, options),
    ] as const;
    for (const name of inputs.tensors) {
      const count = ({ observers }: CalibrationResult) =>
        JSON.parse(JSON.stringify(observers.get(name)?.toJSON())).count;
      expect(count(ours)).toBe(count(theirs));
      const bounds = ({ observers }: CalibrationResult): number[] => {
        const { range } = (observers.get(name) as Observer<RangeStats>).stats();
        return [range.min[0] as number, range.max[0] as number];
      };
      const [min, max] = bounds(extremes[1]);
      expect(bounds(extremes[0])).toEqual([expect.closeTo(min as number, 4), expect.closeTo(max as number, 4)]);
    }
  });

  it('does not depend on how samples are batched', async () => {
    const text = async (batchSize: number): Promise<string> => {
      const { observer } = entropy();
      const options = { ...inputs, batchSize, runtime, source: smoothSamples(20, 7), observer, backend };
      const { observers } = await calibrate(model, options);
      return JSON.stringify([...observers].map(([name, one]) => [name, one.toJSON()]));
    };
    expect(await text(3)).toBe(await text(20));
  });

  it('does not run the model in the runtime', async () => {
    let sessions = 0;
    const counting: Runtime = {
      ...runtime,
      createSession: (...args) => {
        sessions++;
        return runtime.createSession(...args);
      },
    };
    const { observer } = entropy();
    await calibrate(model, { ...inputs, runtime: counting, source: smoothSamples(8, 7), observer, backend });
    const movements = (model.graph?.node ?? []).filter(({ opType }) => ['Flatten', 'Slice', 'Pad'].includes(opType));
    expect(sessions).toBe(movements.length);
  });
});
