import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  graphIndex,
  intsAttribute,
  tensorFromArray,
} from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { loadRuntime } from '../session';
import { averageStep, moveStep } from './elementwise-steps';
import { movementOf } from './movement-map';
import { createSlot } from './slot';

const pads = tensorFromArray('pads', DataType.INT64, [8], BigInt64Array.from([0, 1, 0, 0, 0, 0, 0, 0].map(BigInt)));
const pad = createNode({ opType: 'Pad', name: 'pad', inputs: ['x', 'pads'], outputs: ['y'] });
const transpose = createNode({
  opType: 'Transpose',
  name: 'transpose',
  inputs: ['x'],
  outputs: ['y'],
  attributes: [intsAttribute('perm', [0, 1, 3, 2])],
});

async function movement(node: typeof pad) {
  const graph = createGraph({
    name: 'g',
    nodes: [node],
    inputs: [createValueInfo('x', DataType.FLOAT, ['n', 2, 1, 2])],
    outputs: [createValueInfo('y', DataType.FLOAT)],
    initializers: [pads],
  });
  const model = createModel({ irVersion: 8, opsets: { '': 17 }, graph });
  return movementOf(
    node,
    { height: 1, width: 2, channels: 2 },
    false,
    model,
    graphIndex(graph),
    await loadRuntime(ort),
  );
}

describe('movementOf', () => {
  it('follows padded channels', async () => {
    // [H,W,C]: pixels (0, c0, c1) of x: elements 0, 1 and 2, 3.
    expect(await movement(pad)).toEqual({
      shape: { height: 1, width: 2, channels: 3 },
      source: Int32Array.of(-1, 0, 1, -1, 2, 3),
    });
  });

  it('follows a transposition', async () => {
    const { shape, source } = await movement(transpose);
    expect(shape).toEqual({ height: 2, width: 1, channels: 2 });
    expect([...source]).toEqual([0, 1, 2, 3]);
  });
});

describe('steps that move and average', () => {
  it('move values forward and gradients back, and add them where an element is used twice', () => {
    const x = createSlot({ height: 1, width: 1, channels: 2 }, 2, true);
    const y = createSlot({ height: 1, width: 1, channels: 3 }, 2, true);
    const step = moveStep(x, y, Int32Array.of(1, -1, 1), 2, new Float32Array(6));
    x.value.set([1, 2, 3, 4]);
    step.forward();
    expect([...y.value]).toEqual([2, 0, 2, 4, 0, 4]);
    y.gradient.set([1, 10, 100, 2, 20, 200]);
    step.backward();
    expect([...x.gradient]).toEqual([0, 101, 0, 202]);
  });

  it('average over positions', () => {
    const x = createSlot({ height: 1, width: 2, channels: 2 }, 1, true);
    const y = createSlot({ height: 1, width: 1, channels: 2 }, 1, true);
    const step = averageStep(x, y, 1, new Float32Array(4));
    x.value.set([1, 10, 3, 30]);
    step.forward();
    expect([...y.value]).toEqual([2, 20]);
    y.gradient.set([4, 6]);
    step.backward();
    expect([...x.gradient]).toEqual([2, 3, 2, 3]);
  });
});
