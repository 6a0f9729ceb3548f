import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  graphAttribute,
  intsAttribute,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { compareLatency, type Feeds, loadRuntime, quantizeModel, type Runtime, takeSamples } from '../src';
import { toyFeeds, toyModel, values } from './toy-model';

const runtime = await loadRuntime();

describe('quantizeModel on ragged data', () => {
  it('takes batches of different sizes, one of them short', async () => {
    const feeds = toyFeeds(9).flatMap((batch, i) => (i % 2 === 0 ? [batch] : [takeSamples(batch, 1 + (i % 3))]));
    const { report } = await quantizeModel(toyModel(), { calibration: feeds, runtime, activationRange: 'entropy' });
    expect(report.calibration.samples).toBe(feeds.reduce((sum, { x }) => sum + (x?.dims[0] ?? 0), 0));
  });

  it('takes images of different sizes where the model leaves them open', async () => {
    const feeds = [
      [2, 8, 8],
      [1, 12, 6],
      [3, 5, 9],
    ].map(
      ([n = 1, h = 1, w = 1], i): Feeds => ({
        x: { type: 'float32', data: values(n * 3 * h * w, i), dims: [n, 3, h, w] },
      }),
    );
    const { report, spec } = await quantizeModel(openSizeModel(), { calibration: feeds, runtime });
    expect(report.calibration.samples).toBe(6);
    expect(Object.values(spec.tensors).some(({ role }) => role === 'activation')).toBe(true);
    expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(25);
  });
});

describe('quantizeModel on control flow', () => {
  it('quantizes around a body graph, leaves the body in float and says so', async () => {
    const feeds: Feeds[] = [{ x: { type: 'float32', data: values(4 * 3 * 64, 1), dims: [4, 3, 8, 8] } }];
    const { report } = await quantizeModel(branchingModel(), { calibration: feeds, runtime });
    expect(report.plan.float).toContainEqual(expect.objectContaining({ node: 'choose', opType: 'If' }));
    expect(report.plan.integer).toBeGreaterThan(0);
    expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(25);
  });
});

describe('compareLatency', () => {
  it('compares the fastest runs, and tells how restless the machine was', async () => {
    // Every other timed run of the second model is disturbed; each is preceded by one that warms up.
    const delays = { float: [8], quantized: [2, 2, 2, 40] };
    const clocked: Runtime = {
      name: 'clock',
      version: '0',
      createSession: async (model) => {
        const own = delays[(model as Uint8Array).length === 1 ? 'float' : 'quantized'];
        let runs = 0;
        return {
          inputs: [],
          outputs: [],
          async run() {
            await new Promise((resolve) => setTimeout(resolve, own[runs++ % own.length]));
            return {};
          },
          release: () => Promise.resolve(),
        };
      },
    };
    const feeds = toyFeeds(1)[0] as Feeds;
    const timing = await compareLatency(new Uint8Array(1), new Uint8Array(2), { runtime: clocked, feeds, runs: 4 });
    expect(timing.floatMs).toBeGreaterThanOrEqual(7);
    expect(timing.quantizedMs).toBeLessThan(7);
    expect(timing.ratio).toBeCloseTo(timing.floatMs / timing.quantizedMs, 10);
    expect(timing.unrest).toBeGreaterThan(2);
  });

  it('stops when it is cancelled', async () => {
    const file = encodeModel(toyModel());
    const controller = new AbortController();
    const timing = compareLatency(file, file, {
      runtime,
      feeds: toyFeeds(1)[0] as Feeds,
      runs: 1e6,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 20);
    await expect(timing).rejects.toThrow(/cancel/);
  });
});

/** conv – relu – conv over images of any size. */
function openSizeModel() {
  const pads = [intsAttribute('pads', [1, 1, 1, 1])];
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'open size',
      inputs: [createValueInfo('x', DataType.FLOAT, ['N', 3, 'H', 'W'])],
      outputs: [createValueInfo('y', DataType.FLOAT, ['N', 2, 'H', 'W'])],
      nodes: [
        createNode({ opType: 'Conv', name: 'a', inputs: ['x', 'w1'], outputs: ['c'], attributes: pads }),
        createNode({ opType: 'Relu', name: 'r', inputs: ['c'], outputs: ['d'] }),
        createNode({ opType: 'Conv', name: 'b', inputs: ['d', 'w2'], outputs: ['y'], attributes: pads }),
      ],
      initializers: [
        tensorFromArray('w1', DataType.FLOAT, [4, 3, 3, 3], values(108, 7)),
        tensorFromArray('w2', DataType.FLOAT, [2, 4, 3, 3], values(72, 8)),
      ],
    }),
  });
}

/** conv – If (relu or negation) – conv. */
function branchingModel() {
  const pads = [intsAttribute('pads', [1, 1, 1, 1])];
  const branch = (name: string, opType: string) =>
    graphAttribute(
      name,
      createGraph({
        name,
        inputs: [],
        outputs: [createValueInfo(`${name}_out`, DataType.FLOAT, ['N', 4, 8, 8])],
        nodes: [createNode({ opType, name: `${name}_${opType}`, inputs: ['c'], outputs: [`${name}_out`] })],
        initializers: [],
      }),
    );
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'branching',
      inputs: [createValueInfo('x', DataType.FLOAT, ['N', 3, 8, 8])],
      outputs: [createValueInfo('y', DataType.FLOAT, ['N', 2, 8, 8])],
      nodes: [
        createNode({ opType: 'Conv', name: 'a', inputs: ['x', 'w1'], outputs: ['c'], attributes: pads }),
        createNode({
          opType: 'If',
          name: 'choose',
          inputs: ['condition'],
          outputs: ['d'],
          attributes: [branch('then_branch', 'Relu'), branch('else_branch', 'Neg')],
        }),
        createNode({ opType: 'Conv', name: 'b', inputs: ['d', 'w2'], outputs: ['y'], attributes: pads }),
      ],
      initializers: [
        tensorFromArray('w1', DataType.FLOAT, [4, 3, 3, 3], values(108, 7)),
        tensorFromArray('w2', DataType.FLOAT, [2, 4, 3, 3], values(72, 8)),
        tensorFromArray('condition', DataType.BOOL, [], Uint8Array.of(1)),
      ],
    }),
  });
}
