import { InvalidArgumentError, type QuantizationSpec, type Target, type TensorQuantization } from '@bitwright/core';
import { DataType, type GraphIndex, type Tensor, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import { smallestScale } from '../raise-scales';
import type { LayerStatistics } from './layer-statistics';
import { roundMatrix } from './round-matrix';
import type { RoundableLayer } from './roundable-layers';
import type { RoundingSettings } from './rounding-options';
import { searchRowScales } from './row-scales';
import { levelsToWeights } from './weight-grid';
import { readMatrix, writeMatrix } from './weight-matrices';

/** From this width on a range search and per-row factors gain nothing. */
const mostLevelsToRescale = 64;
const scaleFactors: readonly number[] = [1, 0.85, 0.92, 1.1];

/** What became of one layer: its new constants and scales. */
export interface RoundedLayer {
  readonly tensors: readonly Tensor[];
  readonly scale: Float32Array;
  readonly levels: number;
  readonly nearestError: number;
  readonly error: number;
}

/** Rounds the weights of one layer group by group, and moves its bias by what rounding changed in the mean. */
export async function roundLayer(
  layer: RoundableLayer,
  groups: readonly LayerStatistics[],
  spec: QuantizationSpec,
  target: Target,
  index: GraphIndex,
  settings: RoundingSettings,
): Promise<RoundedLayer> {
  const quantization = spec.tensors[layer.weight];
  const tensor = index.initializer(layer.weight);
  if (quantization === undefined || tensor === undefined) {
    throw new InvalidArgumentError({
      operation: '[ptq] roundWeights',
      expected: `"${layer.weight}" in the spec and the model`,
      received: 'none',
    });
  }
  const { scheme, qparams } = quantization;
  const { rows, columns } = layer.layout;
  const data = tensorToFloat32(tensor).slice();
  const biasTensor = layer.bias === undefined ? undefined : index.initializer(layer.bias);
  const bias = biasTensor === undefined ? undefined : tensorToFloat32(biasTensor);
  const isCorrected = bias !== undefined && layer.ownsBias && settings.correctBiases;
  const corrected = bias?.slice();
  const isShared = qparams.scale.length === 1;
  const levelCount = scheme.qmax - scheme.qmin + 1;
  const isRescaled = settings.rescale && levelCount <= mostLevelsToRescale;
  const scale = Float32Array.from(qparams.scale);
  const smallest = smallestScales(layer, quantization, target, bias, spec);
  const zeroPoint = qparams.zeroPoint[0] ?? 0;
  const low = scheme.qmin - zeroPoint;
  const high = scheme.qmax - zeroPoint;
  const errors = { nearest: 0, chosen: 0, energy: 0 };
  for (const [group, statistics] of groups.entries()) {
    const weights = readMatrix(data, layer.layout, group);
    const first = group * rows;
    const centred = isCorrected ? statistics.centred() : undefined;
    const problem = centred ?? statistics.plain(bias?.subarray(first, first + rows));
    const limits = smallest.subarray(first, first + rows);
    const initial =
      isRescaled && !isShared
        ? searchRowScales(weights, columns, scheme)
        : Float64Array.from({ length: rows }, (_, r) => scale[isShared ? 0 : first + r] as number);
    const rounded = await roundMatrix(
      problem,
      weights,
      { scale: initial.map((s, r) => Math.max(s, limits[r] as number)), low, high },
      {
        method: settings.method,
        runtime: settings.runtime,
        damping: settings.damping,
        iterations: settings.iterations,
        scaleFactors: isRescaled ? scaleFactors : [1],
        refits: isRescaled ? 4 : 0,
        sweeps: 8,
        smallestScale: limits,
        isScaleShared: isShared,
      },
    );
    const real = levelsToWeights(rounded.levels, columns, rounded.scale);
    writeMatrix(data, layer.layout, group, real);
    if (!isShared) scale.set(rounded.scale, first);
    if (corrected !== undefined && centred !== undefined) correctBias(corrected, first, real, centred);
    errors.nearest += rounded.nearestError;
    errors.chosen += rounded.error;
    errors.energy += rounded.energy;
  }
  const tensors = [tensorFromArray(layer.weight, DataType.FLOAT, tensor.dims, data)];
  if (biasTensor !== undefined && corrected !== undefined && isCorrected) {
    tensors.push(tensorFromArray(biasTensor.name, DataType.FLOAT, biasTensor.dims, corrected));
  }
  const unit = errors.energy > 0 ? errors.energy : 1;
  return {
    tensors,
    scale,
    levels: levelCount,
    nearestError: errors.nearest / unit,
    error: errors.chosen / unit,
  };
}

/** b ← E[t] − ŵ·E[x̃]: the targets carry the float bias already. */
function correctBias(
  bias: Float32Array,
  first: number,
  weights: Float64Array,
  { meanInput, meanTarget, columns }: { meanInput: Float64Array; meanTarget: Float64Array; columns: number },
): void {
  for (let r = 0; r < meanTarget.length; r++) {
    let mean = meanTarget[r] as number;
    for (let i = 0; i < columns; i++) mean -= (weights[r * columns + i] as number) * (meanInput[i] as number);
    bias[first + r] = mean;
  }
}

/** Scales below which the target carries none, or the bias of a row would not fit int32, with a factor of two to spare for its correction. */
function smallestScales(
  layer: RoundableLayer,
  quantization: TensorQuantization,
  target: Target,
  bias: Float32Array | undefined,
  spec: QuantizationSpec,
): Float64Array {
  const count = layer.layout.groups * layer.layout.rows;
  const smallest = new Float64Array(count).fill(Math.max(2 ** -126, smallestScale(quantization, target)));
  const activation = spec.tensors[layer.node.input[0] ?? '']?.qparams.scale[0];
  if (bias === undefined || activation === undefined) return smallest;
  return smallest.map((floor, r) =>
    Math.max(floor, Math.fround((2 * Math.abs(bias[r] as number)) / (activation * 2 ** 31))),
  );
}
