import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  intAttribute,
  intsAttribute,
  type Node,
  stringAttribute,
} from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { values } from '../rounding/__fixtures__/residual-network';
import { loadRuntime } from '../session';
import { type PoolWindow, pooledShape, poolStep, poolWindow } from './pool-step';
import { createSlot, type Slot } from './slot';

const shape = { height: 7, width: 6, channels: 1 };
const batch = 3;

function make(node: Node): { x: Slot; y: Slot; window: PoolWindow; run: ReturnType<typeof poolStep> } {
  const window = poolWindow(node);
  if (typeof window === 'string') throw new Error(window);
  const [x, y] = [createSlot(shape, batch, true), createSlot(pooledShape(shape, window), batch, true)];
  x.value.set(values(x.value.length, 4));
  return { x, y, window, run: poolStep(x, y, window, batch, new Float32Array(x.value.length)) };
}

const pool = (opType: string, ...attributes: ReturnType<typeof intAttribute>[]): Node =>
  createNode({
    opType,
    name: 'pool',
    inputs: ['x'],
    outputs: ['y'],
    attributes: [intsAttribute('kernel_shape', [3, 2]), ...attributes],
  });
const padded = [intsAttribute('pads', [1, 0, 2, 1]), intsAttribute('strides', [2, 3])];

const cases: readonly (readonly [string, Node])[] = [
  ['largest values', pool('MaxPool')],
  ['largest values, padded', pool('MaxPool', ...padded)],
  ['means', pool('AveragePool')],
  ['means, padded', pool('AveragePool', ...padded)],
  ['means that count padding', pool('AveragePool', intAttribute('count_include_pad', 1), ...padded)],
];

describe('poolStep', () => {
  it.each(cases)('gives %s as the runtime does', async (_, node) => {
    const { x, y, run } = make(node);
    run.forward();
    const runtime = await loadRuntime(ort);
    const model = createModel({
      irVersion: 8,
      opsets: { '': 17 },
      graph: createGraph({
        name: 'pool',
        nodes: [node],
        inputs: [createValueInfo('x', DataType.FLOAT, ['n', 1, shape.height, shape.width])],
        outputs: [createValueInfo('y', DataType.FLOAT)],
      }),
    });
    const session = await runtime.createSession(encodeModel(model));
    const dims = [batch, 1, shape.height, shape.width];
    const { y: expected } = await session.run({ x: { type: 'float32', data: x.value, dims } });
    expect(expected?.dims.slice(2)).toEqual([y.shape.height, y.shape.width]);
    for (const [i, value] of y.value.entries()) expect(value).toBeCloseTo(Number(expected?.data[i]), 6);
    await session.release();
  });

  it.each(cases)('has the gradient that differences show, %s', (_, node) => {
    const { x, y, run } = make(node);
    const weights = values(y.value.length, 9);
    const loss = (): number => {
      run.forward();
      return y.value.reduce((sum, v, i) => sum + v * (weights[i] as number), 0);
    };
    loss();
    y.gradient.set(weights);
    y.hasGradient = true;
    run.backward();
    const gradient = x.gradient.slice();
    const step = 2 ** -10;
    for (let i = 0; i < x.value.length; i += 5) {
      const at = x.value[i] as number;
      x.value[i] = at + step;
      const above = loss();
      x.value[i] = at - step;
      const below = loss();
      x.value[i] = at;
      expect(gradient[i]).toBeCloseTo((above - below) / (2 * step), 2);
    }
  });

  it('passes the gradient of equal largest values to the first of them', () => {
    const { x, y, run } = make(pool('MaxPool', intsAttribute('strides', [3, 2])));
    x.value.fill(1);
    run.forward();
    y.gradient.fill(1);
    run.backward();
    expect(x.gradient.reduce((sum, v) => sum + v, 0)).toBe(y.gradient.length);
    expect(x.gradient[0]).toBe(1);
    expect(x.gradient[1]).toBe(0);
  });

  it.each<[string, Node, RegExp]>([
    ['rounds up', pool('MaxPool', intAttribute('ceil_mode', 1)), /rounds its size up/],
    ['is dilated', pool('MaxPool', intsAttribute('dilations', [2, 2])), /dilated/],
    ['pads by size', pool('AveragePool', stringAttribute('auto_pad', 'SAME_UPPER')), /SAME_UPPER/],
    [
      'gives indices',
      createNode({
        opType: 'MaxPool',
        name: 'pool',
        inputs: ['x'],
        outputs: ['y', 'i'],
        attributes: [intsAttribute('kernel_shape', [2, 2])],
      }),
      /indices/,
    ],
    [
      'has one axis',
      createNode({
        opType: 'MaxPool',
        name: 'pool',
        inputs: ['x'],
        outputs: ['y'],
        attributes: [intsAttribute('kernel_shape', [2])],
      }),
      /1 axes/,
    ],
  ])('says why a pool that %s is not supported', (_, node, reason) => {
    expect(poolWindow(node)).toMatch(reason);
  });
});
