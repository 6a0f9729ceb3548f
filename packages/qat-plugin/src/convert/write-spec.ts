import {
  type AnyQuantizationSpec,
  type BinaryScheme,
  binaryScheme,
  intDType,
  type LinearScheme,
  linearScheme,
  makeSpec,
  type NodeDecision,
  perAxis,
  perTensor,
  type QuantScheme,
  type Target,
  type TensorQuantization,
} from '@bitwright/core';
import { activationScheme } from '../graph/quantizer-codes';
import type { QuantizerSlot } from '../quantizers/quantizer-slot';
import type { LayerReport } from '../report/qat-report';
import { tool } from '../version';
import type { ConvertedModel, ConvertedWeight } from './convert-model';

/**
 * The spec of a trained model. Names: `<layer>` for a layer's output after its activation (`<layer>:1` for a second call,
 * `outer/inner` in nested models), `<layer>/<variable>` for weights. Axes of weights are those of the ONNX layout.
 *
 * @throws {NotCalibratedError} when a quantizer has seen no data
 */
export function writeSpec(
  converted: ConvertedModel,
  activations: readonly QuantizerSlot[],
  layers: readonly LayerReport[],
  target: Target,
): AnyQuantizationSpec {
  const foldedInto = new Map(converted.folds.map(({ layer, batchNorm }) => [batchNorm, layer]));
  const tensors: Record<string, TensorQuantization<QuantScheme>> = {};
  for (const weight of converted.weights) tensors[weight.name] = weightEntry(weight);
  for (const slot of activations) {
    const name = foldedInto.get(slot.tensor) ?? slot.tensor;
    tensors[name] = activationEntry(slot, target.schemes.activation);
  }
  return makeSpec<QuantScheme>({
    target: target.id,
    provenance: { tool },
    tensors,
    nodes: Object.fromEntries(
      layers.flatMap(({ layer, kind, operator, reason }) => {
        const decision = decisionOf(kind, operator, reason, foldedInto.has(layer));
        return decision === undefined ? [] : [[layer, decision]];
      }),
    ),
  });
}

// — internals —

function weightEntry({ weight, rule, slot }: ConvertedWeight): TensorQuantization {
  const { scale, zeroPoint, qmin, qmax } = weight;
  return Object.freeze({
    role: 'weight',
    scheme: linearScheme({
      dtype: intDType(8, true),
      mapping: slot.context.zeroPoint === 'free' ? 'asymmetric' : 'symmetric',
      granularity: scale.length === 1 ? perTensor : perAxis(rule.onnxAxis),
      qmin,
      qmax,
    }),
    qparams: { scale, zeroPoint },
    origin: { source: 'training' as const, note: `${slot.quantizer.type}, ${slot.quantizer.bits} bits` },
    bits: slot.quantizer.bits,
  });
}

function activationEntry(slot: QuantizerSlot, storage: LinearScheme): TensorQuantization<QuantScheme> {
  const grid = slot.readGrid();
  const { bits } = slot.quantizer;
  const origin = { source: 'training' as const, note: `${slot.quantizer.type}, ${bits} bits` };
  if (bits === 1) {
    const binary: TensorQuantization<BinaryScheme> = {
      role: 'activation',
      scheme: binaryScheme(),
      qparams: { scale: grid.scale },
      origin,
      bits,
    };
    return Object.freeze(binary);
  }
  const scheme = activationScheme({ codes: { qmin: grid.qmin, qmax: grid.qmax }, zeroPoint: 0 }, storage);
  const shift = grid.qmin - scheme.qmin;
  const linear: TensorQuantization = {
    role: 'activation',
    scheme,
    qparams: { scale: grid.scale, zeroPoint: grid.zeroPoint.map((z) => z - shift) },
    origin,
    bits,
  };
  return Object.freeze(linear);
}

function decisionOf(
  kind: string,
  operator: string | undefined,
  reason: string | undefined,
  isFolded: boolean,
): NodeDecision | undefined {
  const named = operator === undefined ? {} : { operator };
  if (kind === 'float') return { kind: 'float', ...named, reason: reason ?? 'stays float' };
  if (kind === 'integer' || kind === 'passThrough' || kind === 'absorbed') return { kind, ...named };
  if (kind !== 'batchNorm') return undefined;
  return isFolded
    ? { kind: 'absorbed', ...named, reason: 'folded into the layer before it' }
    : { kind: 'float', ...named, reason: 'not alone behind a layer it could be folded into' };
}
