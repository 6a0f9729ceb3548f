import { seededRandom } from '@bitwright/core';
import { createNode, intAttribute, intsAttribute, type Node, stringAttribute } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { FeedTensor } from '../feeds';
import { loadRuntime } from '../session';
import { values } from './__fixtures__/residual-network';
import { singleLayer } from './__fixtures__/single-layer';
import { drawPositions, gatherInputs, gatherTargets, positionsPerSample, takeGroup } from './layer-samples';
import { findRoundableLayers, type RoundableLayer } from './roundable-layers';

const tensor = (data: Float32Array, dims: readonly number[]): FeedTensor => ({ type: 'float32', data, dims });

/** Runs one convolution and compares it with the product of its gathered inputs and its weights. */
async function checkConvolution(
  node: Node,
  weightDims: readonly number[],
  inputDims: readonly number[],
): Promise<void> {
  const { model, spec, index } = singleLayer(node, weightDims, inputDims);
  const { layers } = findRoundableLayers(index, spec);
  const layer = layers[0] as RoundableLayer;
  const runtime = await loadRuntime(ort);
  const session = await runtime.createSession(model);
  const x = tensor(
    values(
      inputDims.reduce((a, b) => a * b, 1),
      3,
    ),
    inputDims,
  );
  const y = (await session.run({ x }))['y'] as FeedTensor;
  await session.release();
  const total = positionsPerSample(layer, y);
  const random = seededRandom(1);
  const positions = Array.from({ length: inputDims[0]! }, () => drawPositions(total, Math.ceil(total / 2), random));
  const weights = values(
    weightDims.reduce((a, b) => a * b, 1),
    1,
  );
  const { groups, rows, columns } = layer.layout;
  for (let g = 0; g < groups; g++) {
    const inputs = gatherInputs(layer, g, x, y.dims, positions);
    const targets = takeGroup(gatherTargets(layer, y, positions), layer.layout, g);
    for (let s = 0; s < targets.length / rows; s++) {
      expect(inputs[s * (columns + 1) + columns]).toBe(1);
      for (let r = 0; r < rows; r++) {
        let sum = 0;
        for (let k = 0; k < columns; k++) {
          const w =
            layer.layout.order === 'rowsFirst' ? weights[(g * rows + r) * columns + k]! : weights[k * rows + r]!;
          sum += w * inputs[s * (columns + 1) + k]!;
        }
        expect(targets[s * rows + r]).toBeCloseTo(sum, 4);
      }
    }
  }
}

const conv = (...attributes: Parameters<typeof createNode>[0]['attributes'] & object): Node =>
  createNode({ opType: 'Conv', name: 'layer', inputs: ['x', 'w'], outputs: ['y'], attributes });

describe('gatherInputs and gatherTargets', () => {
  it('reproduce a convolution with strides, dilations and uneven padding', () =>
    checkConvolution(
      conv(intsAttribute('pads', [2, 1, 0, 2]), intsAttribute('strides', [2, 1]), intsAttribute('dilations', [1, 2])),
      [4, 3, 3, 2],
      [2, 3, 7, 8],
    ));

  it('reproduce grouped and depthwise convolutions', async () => {
    await checkConvolution(
      conv(intAttribute('group', 2), intsAttribute('pads', [1, 1, 1, 1])),
      [4, 3, 3, 3],
      [2, 6, 5, 5],
    );
    await checkConvolution(
      conv(intAttribute('group', 4), intsAttribute('strides', [2, 2])),
      [4, 1, 3, 3],
      [2, 4, 7, 7],
    );
  });

  it('reproduce SAME padding and 1-D convolutions', async () => {
    const strides = intsAttribute('strides', [2, 2]);
    await checkConvolution(conv(stringAttribute('auto_pad', 'SAME_UPPER'), strides), [2, 2, 3, 3], [1, 2, 8, 7]);
    await checkConvolution(conv(stringAttribute('auto_pad', 'SAME_LOWER'), strides), [2, 2, 3, 3], [1, 2, 8, 7]);
    await checkConvolution(conv(intsAttribute('pads', [1, 2]), intsAttribute('strides', [2])), [3, 2, 4], [2, 2, 9]);
  });

  it('reproduce matrix products over several leading axes', () =>
    checkConvolution(
      createNode({ opType: 'MatMul', name: 'layer', inputs: ['x', 'w'], outputs: ['y'] }),
      [5, 3],
      [2, 4, 5],
    ));
});

describe('drawPositions', () => {
  it('takes all when asked for as many, else spreads over the image in order', () => {
    expect([...drawPositions(4, 9, seededRandom(0))]).toEqual([0, 1, 2, 3]);
    const drawn = drawPositions(100, 10, seededRandom(0));
    for (const [i, p] of drawn.entries()) expect(Math.floor(p / 10)).toBe(i);
  });
});
