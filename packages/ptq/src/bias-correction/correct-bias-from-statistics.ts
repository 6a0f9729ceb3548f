import type { QuantizationSpec } from '@bitwright/core';
import { editGraph, inferShapes, type Model, nodeLabel } from '@bitwright/onnx';
import type { StatisticsTable } from '../equalization/batch-norm-statistics';
import { readWeights } from '../equalization/channel-layer';
import { applyToConstant } from '../equalization/weight-layout';
import { type CorrectBiasResult, type CorrectedLayer, describeShift } from './correct-bias';
import { findCorrectableLayers, subtractFromBias, type UncorrectedLayer } from './correctable-layers';
import { expectedMoments } from './expected-inputs';
import { fakeQuantizeConstant } from './fake-quantized-weights';

/**
 * Analytic bias correction, without data: what rounding the weights adds to the mean of each output channel,
 *
 *   b ← b − ε̄·E[x],   ε̄[o,i] = Σ_k (W̃ − W)[o,i,k]
 *
 * with E[x] from the statistics of the layers before (BatchNormalization's β and γ, taken as normal distributions), or of the very
 * input where the table has it (observed on the tensors of `layerInputTensors`). Activations count as float, and each layer is
 * corrected by itself. Where a layer pads with zeros, E[x] is a little too large at the border.
 *
 * @param model prepared float model that the spec was made for
 * @param statistics of the outputs of layers, before their activation function, or of their inputs
 * @see Nagel et al. 2019, arXiv:1906.04721 §4.2
 */
export function correctBiasFromStatistics(
  model: Model,
  spec: QuantizationSpec,
  statistics: StatisticsTable,
): Omit<CorrectBiasResult, 'samples'> {
  const edit = editGraph(model);
  const found = findCorrectableLayers(edit, spec);
  const expected = expectedMoments(edit, inferShapes(model), statistics);
  const skipped: UncorrectedLayer[] = [...found.skipped];
  const layers: CorrectedLayer[] = [];
  const shifts = found.layers.map((found): Float64Array | undefined => {
    const { layer } = found;
    if (layer.node.opType === 'ConvTranspose') {
      skipped.push({
        node: nodeLabel(layer.node),
        reason: 'it turns a constant into a pattern, not one mean per channel',
      });
      return undefined;
    }
    const tensor = edit.initializer(layer.weight);
    const rounded = tensor === undefined ? undefined : fakeQuantizeConstant(tensor, spec);
    const input = layer.node.input[0] ?? '';
    const mean = expected(input)?.mean;
    if (rounded === undefined || mean === undefined || mean.length !== layer.inputs) {
      skipped.push({
        node: nodeLabel(layer.node),
        reason: `the mean of its input "${input}" does not follow from statistics`,
      });
      return undefined;
    }
    const weights = readWeights(layer, edit);
    const error = Float64Array.from(rounded, (w, k) => w - (weights[k] as number));
    const shift = applyToConstant(error, layer.layout, (i) => mean[i] as number);
    return shift.map((v) => v * layer.weightFactor);
  });
  for (const [i, layer] of found.layers.entries()) {
    const shift = shifts[i];
    if (shift === undefined) continue;
    const { bias, isAdded } = subtractFromBias(layer, shift, edit);
    layers.push(describeShift(nodeLabel(layer.layer.node), bias, isAdded, shift));
  }
  return layers.length === 0 ? { model, layers, skipped } : { model: edit.finish(), layers, skipped };
}
