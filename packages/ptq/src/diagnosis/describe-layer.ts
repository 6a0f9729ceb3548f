import { totalErrors } from './channel-errors';
import type { CodeUsage, LayerComparison, LayerQuantization } from './comparison';
import type { FlowLayer } from './find-layers';
import type { MeasuredLayer } from './measured-layer';
import { integerWeights } from './operator-types';
import type { Flow } from './quantity';
import { readFloatWeight, readQuantizedWeight } from './quantized-weight';
import { finishTensorErrors, worstChannels } from './tensor-errors';
import { compareWeights, type WeightComparison } from './weight-errors';

/** What was measured at a layer, as plain data. */
export function describeLayer(
  measured: MeasuredLayer,
  models: { readonly float: Flow; readonly quantized: Flow },
  skipped: string | undefined,
): LayerComparison {
  const { layer, cumulative, isolated, executed, gain, layout } = measured;
  const { match, floatOperators } = layer;
  const weight = weightOf(layer, models);
  const codes = codeUsage(measured);
  const total = totalErrors(cumulative);
  const hasIsolated = isolated.count > 0;
  return {
    name: layer.name,
    operators: floatOperators.length === 0 ? ['Input'] : floatOperators.map(({ node }) => node.opType),
    tensor: match.float.id,
    quantizedTensor: match.quantized.id,
    matchedBy: match.by,
    quantization: layerQuantization(layer, models.quantized),
    cumulative: finishTensorErrors(cumulative),
    ...(hasIsolated ? { isolated: finishTensorErrors(isolated) } : {}),
    ...(executed.count > 0 ? { executed: finishTensorErrors(executed) } : {}),
    ...(skipped === undefined ? {} : { notIsolated: skipped }),
    ...(weight === undefined ? {} : { weight }),
    ...(codes === undefined ? {} : { codes }),
    range: { min: cumulative.min, max: cumulative.max, rms: Math.sqrt(total.signal / Math.max(1, total.count)) },
    worstChannels: worstChannels(executed.count > 0 ? executed : hasIsolated ? isolated : cumulative),
    channels: layout.channels,
    isRescaled: gain !== undefined,
  };
}

// — internals —

function codeUsage({ grid, counts }: MeasuredLayer): CodeUsage | undefined {
  if (grid === undefined || counts.total === 0) return undefined;
  const span = grid.max - grid.min;
  return {
    ...grid,
    atMin: counts.atMin / counts.total,
    atMax: counts.atMax / counts.total,
    clipped: counts.clipped / counts.total,
    unused: span > 0 ? Math.max(0, 1 - (counts.highest - counts.lowest) / span) : 0,
  };
}

function weightOf(
  { main }: FlowLayer,
  models: { readonly float: Flow; readonly quantized: Flow },
): WeightComparison | undefined {
  if (main.float === undefined || main.quantized === undefined) return undefined;
  const quantized = readQuantizedWeight(main.quantized, models.quantized);
  const float = quantized === undefined ? undefined : readFloatWeight(main.float, models.float);
  return quantized === undefined || float === undefined ? undefined : compareWeights(float, quantized);
}

const lowBitWeights = /^(MatMulNBits|MatMulBnb4|GatherBlockQuantized|DynamicQuantizeLSTM|QAttention)$/;

/** How a layer is quantized, as its nodes show. */
export function layerQuantization({ match, quantizedOperators }: FlowLayer, flow: Flow): LayerQuantization {
  const nodes = quantizedOperators.map((operator) => operator.node);
  const isDynamic =
    quantizedOperators.some((operator) => operator.inputs.some((input) => input.isDynamic)) ||
    nodes.some((node) => node.opType.startsWith('DynamicQuantize'));
  const readsCodes = nodes.some((node) =>
    node.input.some((name) => {
      const quantity = flow.quantity(name);
      return quantity?.codes !== undefined && name !== quantity.raw;
    }),
  );
  const hasWeights = nodes.some(
    (node) =>
      lowBitWeights.test(node.opType) ||
      integerWeights.has(node.opType) ||
      node.input.some((name) => flow.constantProducer(name)?.opType === 'DequantizeLinear'),
  );
  return {
    activations: isDynamic ? 'dynamic' : readsCodes || match.quantized.codes !== undefined ? 'static' : 'none',
    weights: hasWeights,
  };
}
