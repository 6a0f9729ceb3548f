import { findTarget, InvalidArgumentError, type QuantizationSpec, type Target } from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import { editGraph, encodeModel, type Model, nodeLabel } from '@bitwright/onnx';
import type { SampleSource } from '../feeds';
import type { OnProgress } from '../progress';
import { runSamples } from '../run-samples';
import type { Runtime } from '../session';
import {
  type CorrectableLayer,
  findCorrectableLayers,
  subtractFromBias,
  type UncorrectedLayer,
} from './correctable-layers';
import { fakeQuantizeWeights } from './fake-quantized-weights';
import { type TwinTap, twinModel } from './twin-model';

export interface CorrectBiasOptions {
  readonly runtime: Runtime;
  /** Samples like those the model will see. */
  readonly source: SampleSource;
  /** Target of the spec, where it is not a built-in one. */
  readonly target?: Target;
  /** `quantized`: activations carry their quantizers while means are taken; `float`: weights only, as in the paper. Default `quantized`. */
  readonly activations?: 'quantized' | 'float';
  /** Samples per run. Default 32. Larger is better: shifts are taken run by run, then averaged. */
  readonly batchSize?: number;
  /** Samples used at most. Default 256. */
  readonly samples?: number;
  /**
   * Passes that measure what is left and take it away, all layers at once. Default 0; 1 helps shallow models that run one sample at
   * a time. Deep ones overshoot, since a layer also takes away what it inherits (mobilenetv2 with one scale per weight tensor: 15.7 dB
   * of the logits without, 11.9 with one, 2.3 with two).
   */
  readonly refinements?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** One corrected layer; shifts are E[ỹ] − E[y] per channel, in units of its output. */
export interface CorrectedLayer {
  readonly node: string;
  readonly bias: string;
  /** The layer had no bias: a spec made before does not know it. */
  readonly isAdded: boolean;
  readonly largestShift: number;
  readonly meanShift: number;
}

export interface CorrectBiasResult {
  /** The float model with corrected biases; write it with the same spec unless a bias was added. */
  readonly model: Model;
  readonly layers: readonly CorrectedLayer[];
  readonly skipped: readonly UncorrectedLayer[];
  readonly samples: number;
}

/**
 * Empirical bias correction: takes the mean error that quantization gives each output channel out of the bias,
 *
 *   b ← b − ( E[ỹ] − E[y] )
 *
 * each layer after its predecessors are corrected. One pass does it for all layers: the float and the quantized model run side by
 * side in one graph, and the mean difference of a layer's channels over the run is subtracted before the next layer reads them.
 * Shifts of all runs are averaged by samples, in float64. Memory does not grow with the number of samples.
 *
 * The quantized side is the float model with weights on their grid and, by default, the quantizers of the spec around activations,
 * so that the bias that clipping causes is corrected as well.
 *
 * At 4 bits and below a mean is not all that is wrong: means come out right while the spread of deep layers shrinks, so logits may
 * lie further from float although more of them are right (resnet20, 4-bit weights: 90.2 → 91.1 %, SQNR 11 → 6 dB). Where the logits
 * themselves matter, `correctBiasFromStatistics` on observed inputs corrects each layer by itself (90.3 %, 13 dB).
 *
 * @param model prepared float model that the spec was made for
 * @throws {InvalidArgumentError} for an option outside its range
 * @throws {InputDataError} when there is no sample
 * @throws {AbortedError} when cancelled
 * @see Nagel et al. 2019, arXiv:1906.04721 §4.2 and appendix D
 */
export async function correctBias(
  model: Model,
  spec: QuantizationSpec,
  options: CorrectBiasOptions,
): Promise<CorrectBiasResult> {
  const { activations = 'quantized', refinements = 0 } = options;
  if (activations !== 'quantized' && activations !== 'float')
    throw invalid('activations quantized or float', activations);
  if (!Number.isInteger(refinements) || refinements < 0)
    throw invalid('refinements to be 0 or a positive integer', refinements);
  const target = options.target ?? findTarget(spec.target);
  const found = findCorrectableLayers(editGraph(model), spec);
  const taps = found.layers.map(({ layer }) => ({ node: layer.node.name, axis: layer.axis === 'last' ? -1 : 1 }));
  if (taps.length === 0) return { model, layers: [], skipped: found.skipped, samples: 0 };

  let current = model;
  let samples = 0;
  const totals = new Map<string, Float64Array>();
  for (let pass = 0; pass <= refinements; pass++) {
    const quantized = quantizedForm(current, spec, target, activations);
    const measured = await measureShifts(model, quantized, taps, pass === 0, options);
    samples = measured.samples;
    current = applyShifts(current, spec, measured.shifts);
    for (const [node, shift] of measured.shifts) {
      const known = totals.get(node);
      totals.set(node, known === undefined ? shift : known.map((v, c) => v + (shift[c] as number)));
    }
  }
  return { model: current, layers: describe(found.layers, totals, current, model), skipped: found.skipped, samples };
}

// — internals —

function quantizedForm(
  model: Model,
  spec: QuantizationSpec,
  target: Target,
  activations: 'quantized' | 'float',
): Model {
  const weights = fakeQuantizeWeights(model, spec);
  if (activations === 'float') return weights;
  const tensors = Object.entries(spec.tensors).filter(([, tensor]) => tensor.role === 'activation');
  return writeQdq(weights, { ...spec, tensors: Object.fromEntries(tensors) }, target);
}

async function measureShifts(
  float: Model,
  quantized: Model,
  taps: readonly TwinTap[],
  isCentred: boolean,
  options: CorrectBiasOptions,
): Promise<{ readonly shifts: ReadonlyMap<string, Float64Array>; readonly samples: number }> {
  const twin = twinModel(float, quantized, taps, isCentred);
  const sums = new Map<string, Float64Array>();
  // Without optimization, so that quantizers around float weights stay what they are.
  const session = await options.runtime.createSession(encodeModel(twin.model), { optimization: 'disabled' });
  const outputs = [...twin.shifts.values()];
  const samples = await runSamples('[ptq] correctBias', session, outputs, options, (results, count) => {
    for (const [node, output] of twin.shifts) {
      const shift = results[output]?.data as Float32Array;
      const sum = sums.get(node) ?? new Float64Array(shift.length);
      for (let c = 0; c < sum.length; c++) sum[c] = (sum[c] as number) + count * (shift[c] as number);
      sums.set(node, sum);
    }
  });
  return { shifts: new Map([...sums].map(([node, sum]) => [node, sum.map((v) => v / samples)])), samples };
}

function applyShifts(model: Model, spec: QuantizationSpec, shifts: ReadonlyMap<string, Float64Array>): Model {
  const edit = editGraph(model);
  for (const layer of findCorrectableLayers(edit, spec).layers) {
    const shift = shifts.get(layer.layer.node.name);
    if (shift !== undefined) subtractFromBias(layer, shift, edit);
  }
  return edit.finish();
}

function describe(
  layers: readonly CorrectableLayer[],
  shifts: ReadonlyMap<string, Float64Array>,
  corrected: Model,
  before: Model,
): CorrectedLayer[] {
  const nodes = new Map(corrected.graph?.node.map((node) => [node.name, node]));
  const known = new Set(before.graph?.initializer.map((tensor) => tensor.name));
  return layers.flatMap(({ layer, add }) => {
    const shift = shifts.get(layer.node.name);
    const holder = nodes.get(add?.node.name ?? layer.node.name);
    if (shift === undefined || holder === undefined) return [];
    const bias = holder.input[add?.constant ?? layer.biasInput ?? 2] ?? '';
    return [describeShift(nodeLabel(layer.node), bias, !known.has(bias), shift)];
  });
}

/** Report line of one layer. */
export function describeShift(node: string, bias: string, isAdded: boolean, shift: Float64Array): CorrectedLayer {
  const sizes = shift.map(Math.abs);
  return {
    node,
    bias,
    isAdded,
    largestShift: sizes.reduce((a, b) => Math.max(a, b), 0),
    meanShift: sizes.reduce((a, b) => a + b, 0) / Math.max(1, sizes.length),
  };
}

function invalid(expected: string, received: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] correctBias', expected, received: String(received) });
}
