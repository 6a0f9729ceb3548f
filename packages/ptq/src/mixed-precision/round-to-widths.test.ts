import { meanSquaredError, ortX64 } from '@bitwright/core';
import { editGraph, type Model } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { stateObservers } from '../calibration-state';
import { collectStatistics } from '../collect-statistics';
import { planQuantization } from '../plan';
import { residualNetwork, smoothSamples } from '../rounding/__fixtures__/residual-network';
import { loadRuntime } from '../session';
import { type RoundedWeights, roundToWidths } from './round-to-widths';

const source = smoothSamples(16, 5);

async function rounded(model: Model, widths: readonly number[]): Promise<RoundedWeights> {
  const runtime = await loadRuntime(ort);
  const plan = planQuantization(model, { target: ortX64 });
  const selector = meanSquaredError();
  const common = { runtime, source, batchSize: 8 };
  const statistics = await collectStatistics(plan, { ...common, selector, limit: 16 });
  const observers = stateObservers(statistics, [selector.observer]);
  return roundToWidths(widths, { ...common, plan, observers, activationRange: selector, weightRange: selector });
}

/** The residual network, its pointwise convolution done twice with the same weights. */
function sharedWeights(): Model {
  const edit = editGraph(residualNetwork());
  edit.replaceUses('g', 'again', { where: (use) => use.node.opType === 'GlobalAveragePool' });
  edit.addNode({
    opType: 'Conv',
    name: 'again',
    inputs: ['g', 'pointwise.w', 'pointwise.b'],
    outputs: ['again'],
  });
  return edit.finish();
}

const levels = (values: Float32Array): number => new Set(values).size;

describe('roundToWidths', () => {
  it('rounds first and last layers to the width as well', async () => {
    const all = await rounded(residualNetwork(), [8, 2]);
    expect([...all.keys()]).toEqual([2]);
    const weights = all.get(2)!;
    expect([...weights.keys()].sort()).toEqual(['depthwise.w', 'head.w', 'pointwise.w', 'stem.w']);
    // Four levels for each of four columns; the stem has 27 weights for each of six.
    expect(levels(weights.get('head.w')!)).toBeLessThanOrEqual(16);
    expect(levels(weights.get('stem.w')!)).toBeLessThanOrEqual(24);
  });

  it('gives nothing for weights that adaptive rounding leaves alone, which would look as if they lost nothing', async () => {
    const weights = (await rounded(sharedWeights(), [2])).get(2)!;
    expect([...weights.keys()].sort()).toEqual(['depthwise.w', 'head.w', 'stem.w']);
  });
});
