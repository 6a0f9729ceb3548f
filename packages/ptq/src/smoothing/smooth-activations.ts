import { InvalidArgumentError } from '@bitwright/core';
import { DataType, editGraph, type GraphEditor, type Model, nodeLabel, tensorFromArray } from '@bitwright/onnx';
import { hasBias, readBias, readWeights, writeBias, writeWeights } from '../equalization/channel-layer';
import { mapOffset } from '../equalization/group-offset';
import { forEachPair, scaleChannels } from '../equalization/weight-layout';
import {
  findSmoothingGroups,
  type ScalableConstant,
  type SmoothingGroup,
  type UnsmoothedTensor,
} from './smoothing-groups';

export interface SmoothOptions {
  /** Share of the difficulty that moves from activations to weights, 0…1. Default 0.5. */
  readonly alpha?: number;
  /** Puts a Mul in front where no producer can take the factor; it runs in float. Default false. */
  readonly insertMul?: boolean;
  /** Smooths only tensors whose largest channel is at least so many times the median channel. Default 0: all. */
  readonly outlierRatio?: number;
}

/** One smoothed tensor. */
export interface SmoothedTensor {
  readonly tensor: string;
  readonly channels: number;
  readonly readers: readonly string[];
  /** Node that took the factor up. */
  readonly producer: string;
  readonly isInserted: boolean;
  readonly smallestFactor: number;
  readonly largestFactor: number;
  /** Largest over median channel maximum of |x|, before and after: outlier channels stand out as large ratios. */
  readonly outlierRatioBefore: number;
  readonly outlierRatioAfter: number;
}

export interface SmoothResult {
  readonly model: Model;
  readonly smoothed: readonly SmoothedTensor[];
  readonly skipped: readonly UnsmoothedTensor[];
}

/** Smallest factor: below it a channel is not in use. */
const smallestFactor = 1e-5;

/**
 * SmoothQuant: moves part of the range of outlier channels from the activations of matrix products into their weights.
 *
 *   σ[j] = max |x[j]|^α / max |W[j,·]|^(1−α),   x[j] / σ[j],   W[j,·] · σ[j]
 *
 * over all products that read x. The division goes into the constants of what produces x: the scale of a LayerNorm or RMSNorm,
 * the weights of a layer. The float function stays as it is, to rounding.
 *
 * @param channelMaxima max |x[j]| per channel (last axis) by tensor name, for the tensors of {@link smoothableTensors}
 * @throws {InvalidArgumentError} for an option outside its range, or maxima that do not fit a tensor
 * @see Xiao et al. 2022, arXiv:2211.10438
 */
export function smoothActivations(
  model: Model,
  channelMaxima: ReadonlyMap<string, ArrayLike<number>>,
  options: SmoothOptions = {},
): SmoothResult {
  const { alpha = 0.5, insertMul = false, outlierRatio = 0 } = options;
  if (!(alpha >= 0 && alpha <= 1)) throw invalid('alpha within [0, 1]', String(alpha));
  if (!(outlierRatio >= 0)) throw invalid('outlierRatio to be 0 or more', String(outlierRatio));
  const edit = editGraph(model);
  const found = findSmoothingGroups(edit, model);
  const skipped = [...found.skipped];
  const smoothed: SmoothedTensor[] = [];
  for (const group of found.groups) {
    const maxima = channelMaxima.get(group.tensor);
    const reason = whyNot(group, maxima, insertMul, outlierRatio);
    if (reason !== undefined || maxima === undefined) {
      skipped.push({ tensor: group.tensor, reason: reason ?? 'nothing was observed' });
      continue;
    }
    const factors = smoothingFactors(maxima, weightMaxima(group, edit), alpha);
    for (const layer of group.readers) {
      const weights = readWeights(layer, edit);
      writeWeights(
        layer,
        scaleChannels(
          weights,
          layer.layout,
          () => 1,
          (i) => factors[i] as number,
        ),
        edit,
      );
    }
    if (group.producer === undefined) insertDivision(group, factors, edit);
    else for (const constant of group.producer) divideConstant(constant, factors, edit);
    smoothed.push(describe(group, maxima, factors));
  }
  if (smoothed.length === 0) return { model, smoothed, skipped };
  return { model: edit.finish(), smoothed, skipped };
}

/** Tensors whose channel maxima `smoothActivations` can use, with the axis of their channels. */
export function smoothableTensors(
  model: Model,
  options: Pick<SmoothOptions, 'insertMul'> = {},
): readonly { readonly tensor: string; readonly axis: number }[] {
  return findSmoothingGroups(editGraph(model), model)
    .groups.filter((group) => group.producer !== undefined || options.insertMul === true)
    .map(({ tensor }) => ({ tensor, axis: -1 }));
}

/** σ[j] = a[j]^α / w[j]^(1−α); 1 where a channel or its weights are not in use. */
export function smoothingFactors(
  activationMaxima: ArrayLike<number>,
  weightMaxima: ArrayLike<number>,
  alpha: number,
): Float64Array {
  return Float64Array.from(activationMaxima, (a, j) => {
    const w = weightMaxima[j] as number;
    if (!(a > 0) || !(w > 0)) return 1;
    return Math.max(a ** alpha / w ** (1 - alpha), smallestFactor);
  });
}

// — internals —

function whyNot(
  group: SmoothingGroup,
  maxima: ArrayLike<number> | undefined,
  insertMul: boolean,
  outlierRatio: number,
): string | undefined {
  if (group.producer === undefined && !insertMul) return `"${group.producerName}" cannot take a factor per channel up`;
  if (maxima === undefined) return 'its channel maxima were not observed';
  if (maxima.length !== group.channels) {
    throw invalid(`${group.channels} channel maxima for tensor "${group.tensor}"`, String(maxima.length));
  }
  const bad = Array.from(maxima).findIndex((max) => !(max >= 0) || !Number.isFinite(max));
  if (bad >= 0) throw invalid(`finite maxima of |x| for tensor "${group.tensor}"`, `${maxima[bad]} in channel ${bad}`);
  const ratio = outlierRatioOf(maxima);
  return ratio < outlierRatio ? `its largest channel is ${ratio.toFixed(1)} times the median` : undefined;
}

function weightMaxima(group: SmoothingGroup, edit: GraphEditor): Float64Array {
  const maxima = new Float64Array(group.channels);
  for (const layer of group.readers) {
    const weights = readWeights(layer, edit);
    forEachPair(layer.layout, (_output, input, start) => {
      maxima[input] = Math.max(maxima[input] as number, Math.abs(weights[start] as number));
    });
  }
  return maxima;
}

function divideConstant(constant: ScalableConstant, factors: Float64Array, edit: GraphEditor): void {
  if (constant.kind === 'row') {
    const { node, input } = constant;
    const place = { node, input, axisFromRight: -1, block: 1 };
    mapOffset(place, factors.length, edit, (value, c) => value / (factors[c] as number));
    return;
  }
  const { layer } = constant;
  const weights = readWeights(layer, edit);
  writeWeights(
    layer,
    scaleChannels(
      weights,
      layer.layout,
      (o) => 1 / (factors[o] as number),
      () => 1,
    ),
    edit,
  );
  if (!hasBias(layer)) return;
  writeBias(
    layer,
    readBias(layer, edit).map((b, o) => b / (factors[o] as number)),
    edit,
  );
}

function insertDivision(group: SmoothingGroup, factors: Float64Array, edit: GraphEditor): void {
  const { tensor } = group;
  const output = edit.uniqueName(`${tensor}_smoothed`);
  const constant = edit.uniqueName(`${tensor}_smoothing`);
  edit.addInitializer(
    tensorFromArray(
      constant,
      DataType.FLOAT,
      [factors.length],
      Float32Array.from(factors, (f) => 1 / f),
    ),
  );
  edit.replaceUses(tensor, output);
  edit.addNode({ opType: 'Mul', name: edit.uniqueNodeName(output), inputs: [tensor, constant], outputs: [output] });
}

function describe(group: SmoothingGroup, maxima: ArrayLike<number>, factors: Float64Array): SmoothedTensor {
  return {
    tensor: group.tensor,
    channels: group.channels,
    readers: group.readers.map((layer) => nodeLabel(layer.node)),
    producer: group.producerName,
    isInserted: group.producer === undefined,
    smallestFactor: factors.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    largestFactor: factors.reduce((a, b) => Math.max(a, b), 0),
    outlierRatioBefore: outlierRatioOf(maxima),
    outlierRatioAfter: outlierRatioOf(factors.map((factor, c) => (maxima[c] as number) / factor)),
  };
}

/** Largest over median channel maximum; infinite when most channels are 0. */
function outlierRatioOf(maxima: ArrayLike<number>): number {
  const sorted = Float64Array.from(maxima).sort();
  const largest = sorted.at(-1) ?? 0;
  return largest === 0 ? 1 : largest / (sorted[sorted.length >> 1] as number);
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] smoothActivations', expected, received });
}
