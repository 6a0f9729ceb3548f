import { fullRange, minMaxObserver, ortX64, referenceConvolution, seededRandom } from '@bitwright/core';
import { planPlacement } from '@bitwright/export';
import { graphIndex, inferShapes, type Tensor, tensorToFloat32 } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { buildSpec } from '../build-spec';
import { calibrate } from '../calibrate';
import { residualNetwork, smoothSamples } from '../rounding/__fixtures__/residual-network';
import { findRoundableLayers } from '../rounding/roundable-layers';
import { loadRuntime } from '../session';
import { type BlockProgram, createBlockProgram } from './block-program';
import { blockShapes } from './block-shapes';
import type { LayerWeights } from './convolution-step';
import { findBlocks } from './find-blocks';
import { toFilter } from './layer-window';
import type { LearnedLayer } from './learned-layer';

/** The residual block with 8-bit quantizers, which are left out: a smooth function of its weights. */
async function smoothBlock(): Promise<{ program: BlockProgram; layers: readonly LayerWeights[] }> {
  const model = residualNetwork();
  const index = graphIndex(model.graph!);
  const graph = { index, shapes: inferShapes(model) };
  const runtime = await loadRuntime(ort);
  const placement = planPlacement(model, { target: ortX64 });
  const { observers } = await calibrate(model, {
    runtime,
    source: smoothSamples(8, 1),
    tensors: [...placement.activations.keys()],
    observer: minMaxObserver,
    batchSize: 8,
    limit: 8,
  });
  const provenance = { tool: { name: 'test', version: '0' } };
  const spec = buildSpec({
    model,
    placement,
    observers,
    activationRange: fullRange,
    weightRange: fullRange,
    provenance,
  });
  const block = findBlocks(graph, findRoundableLayers(index, spec).layers)[1]!;
  const shapes = await blockShapes(
    block,
    new Map([['b', { height: 8, width: 8, channels: 6 }]]),
    model,
    graph,
    runtime,
  );
  const layers = block.layers.map((layer): LayerWeights => {
    const filter = toFilter(layer, tensorToFloat32(index.initializer(layer.weight) as Tensor));
    const bias = tensorToFloat32(index.initializer(layer.bias!) as Tensor).slice();
    return {
      filter,
      filterGradient: new Float32Array(filter.length),
      bias,
      biasGradient: new Float32Array(bias.length),
    };
  });
  const program = createBlockProgram({
    block,
    index,
    spec,
    quantizesOutputs: true,
    kernels: referenceConvolution,
    batch: 2,
    shapes,
    layers: new Map(block.layers.map((layer, i) => [layer, layers[i] as LearnedLayer])),
    bounds: () => undefined,
  });
  const random = seededRandom(9);
  for (const { slot } of program.inputs) slot.value.set(slot.value.map(() => random.next()));
  return { program, layers };
}

describe('createBlockProgram', () => {
  it('has the gradients that difference quotients show, through both layers, the addition and the activations', async () => {
    const { program, layers } = await smoothBlock();
    const random = seededRandom(4);
    const wanted = program.output.value.map(() => random.next());
    const loss = (): number => {
      program.forward();
      return program.output.value.reduce((sum, y, i) => sum + (y - (wanted[i] as number)) ** 2, 0);
    };
    loss();
    program.output.gradient.forEach((_, i) => {
      program.output.gradient[i] = 2 * ((program.output.value[i] as number) - (wanted[i] as number));
    });
    program.backward();
    for (const { filter, filterGradient, bias, biasGradient } of layers) {
      for (const [values, gradient] of [
        [filter, filterGradient.slice()],
        [bias, biasGradient.slice()],
      ] as const) {
        for (let i = 0; i < values.length; i += 5) {
          const step = 1e-2;
          const at = values[i] as number;
          values[i] = at + step;
          const above = loss();
          values[i] = at - step;
          const below = loss();
          values[i] = at;
          const quotient = (above - below) / (2 * step);
          // Few Relu kinks lie within a step, each costs a share of a gradient of some tens; float32 sums of a hundred values.
          const tolerance = 0.05 * Math.max(1, Math.abs(quotient)) + 0.3;
          expect(Math.abs((gradient[i] as number) - quotient)).toBeLessThan(tolerance);
        }
      }
    }
  });

  it('gives the float block where nothing is quantized', async () => {
    const { program } = await smoothBlock();
    program.drop(seededRandom(1));
    program.forward();
    expect(program.quantizers.size).toBe(0);
    expect(program.output.value.length).toBe(2 * 8 * 8 * 6);
    expect(Math.min(...program.output.value)).toBe(0);
    expect(Math.max(...program.output.value)).toBeGreaterThan(1);
  });
});
