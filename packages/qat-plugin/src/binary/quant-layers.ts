import { InvalidArgumentError } from '@bitwright/core';
import { layers } from '@tensorflow/tfjs-layers';
import type { Layer } from '../layers/inner-layer';
import { QuantizeWrapper, type QuantizeWrapperSettings } from '../layers/quantize-wrapper';
import type { Codes } from '../ops/codes';
import { quantizerFromName } from '../quantizers/names';
import type { Quantizer } from '../quantizers/quantizer';
import { planSlot, type SlotPlan } from '../quantizers/slot-plan';
import { registerQatLayers } from '../register-layers';

/** Quantizers of a layer that is trained from scratch, in Larq's words. */
export interface QuantLayerOptions {
  /** On the layer's input: a quantizer or a name such as `ste_sign`; default none. */
  readonly inputQuantizer?: Quantizer | string;
  /** On its kernel; default none. */
  readonly kernelQuantizer?: Quantizer | string;
}

type Conv2dArgs = Parameters<typeof layers.conv2d>[0];
type DepthwiseArgs = Parameters<typeof layers.depthwiseConv2d>[0];
type DenseArgs = Parameters<typeof layers.dense>[0];

/** Padding of convolutions whose input is ±1. */
export interface QuantPaddingOptions {
  /** What `padding: 'same'` pads with. 1 keeps a ±1 tensor ±1, as bit-packed kernels need. Default 0. */
  readonly padValues?: number;
}

/**
 * tf.layers.conv2d with a quantized input and kernel, for networks built in one or few bits from the start.
 *
 * @example quantConv2d({ filters: 64, kernelSize: 3, padding: 'same', padValues: 1, useBias: false,
 *   inputQuantizer: 'ste_sign', kernelQuantizer: 'ste_sign', kernelConstraint: weightClip() })
 */
export function quantConv2d(args: Conv2dArgs & QuantLayerOptions & QuantPaddingOptions): QuantizeWrapper {
  const { inputQuantizer, kernelQuantizer, padValues, ...rest } = args;
  const padding = paddingOf(rest, padValues);
  const layer = layers.conv2d(padding === undefined ? rest : { ...rest, padding: 'valid' });
  return wrap(layer, 'kernel', [3], { inputQuantizer, kernelQuantizer }, padding);
}

/** tf.layers.depthwiseConv2d with a quantized input and kernel. */
export function quantDepthwiseConv2d(args: DepthwiseArgs & QuantLayerOptions & QuantPaddingOptions): QuantizeWrapper {
  const { inputQuantizer, kernelQuantizer, padValues, ...rest } = args;
  const padding = paddingOf(rest, padValues);
  const layer = layers.depthwiseConv2d(padding === undefined ? rest : { ...rest, padding: 'valid' });
  return wrap(layer, 'depthwise_kernel', [2, 3], { inputQuantizer, kernelQuantizer }, padding);
}

/** tf.layers.dense with a quantized input and kernel. */
export function quantDense(args: DenseArgs & QuantLayerOptions): QuantizeWrapper {
  const { inputQuantizer, kernelQuantizer, ...rest } = args;
  return wrap(layers.dense(rest), 'kernel', [1], { inputQuantizer, kernelQuantizer }, undefined);
}

// — internals —

interface Maybe {
  readonly inputQuantizer: Quantizer | string | undefined;
  readonly kernelQuantizer: Quantizer | string | undefined;
}

function wrap(
  layer: Layer,
  variable: string,
  channelAxes: readonly number[],
  { inputQuantizer, kernelQuantizer }: Maybe,
  padding: QuantizeWrapperSettings['padding'],
): QuantizeWrapper {
  registerQatLayers();
  const kernel = quantizerOf(kernelQuantizer, 'weight');
  const input = quantizerOf(inputQuantizer, 'activation');
  const settings: QuantizeWrapperSettings = {
    weights:
      kernel === undefined
        ? []
        : [{ variable, slot: scratchSlot(kernel, `${layer.name}/${variable}`, 'weight', channelAxes) }],
    ...(input === undefined ? {} : { input: scratchSlot(input, `${layer.name}/input`, 'activation', []) }),
    ...(padding === undefined ? {} : { padding }),
  };
  const { batchInputShape } = layer;
  return new QuantizeWrapper({ layer, settings, ...(batchInputShape === undefined ? {} : { batchInputShape }) });
}

/** Signed codes; several bits take their start from the first batch. */
function scratchSlot(
  quantizer: Quantizer,
  tensor: string,
  role: SlotPlan['role'],
  channelAxes: readonly number[],
): SlotPlan {
  const half = 2 ** (quantizer.bits - 1);
  const codes: Codes = quantizer.bits === 1 ? { qmin: -1, qmax: 1 } : { qmin: -half, qmax: half - 1 };
  return planSlot(quantizer, { tensor, role, channelAxes, codes, zeroPoint: 0, startsFromFirstBatch: true });
}

function quantizerOf(choice: Quantizer | string | undefined, role: SlotPlan['role']): Quantizer | undefined {
  if (choice === undefined) return undefined;
  const quantizer = typeof choice === 'string' ? quantizerFromName(choice) : choice;
  if (quantizer.roles.includes(role)) return quantizer;
  throw new InvalidArgumentError({
    operation: '[qat-plugin] quantLayer',
    expected: `a quantizer for a layer's ${role === 'weight' ? 'kernel' : 'input'}`,
    received: `${quantizer.type}, which is for ${quantizer.roles.join(' and ')}s`,
  });
}

function paddingOf(
  args: Pick<Conv2dArgs, 'kernelSize' | 'strides' | 'dilationRate' | 'padding'>,
  padValues = 0,
): QuantizeWrapperSettings['padding'] {
  if (padValues === 0 || args.padding !== 'same') return undefined;
  return {
    value: padValues,
    kernelSize: pair(args.kernelSize, 1),
    strides: pair(args.strides, 1),
    dilationRate: pair(args.dilationRate, 1),
  };
}

function pair(value: unknown, fallback: number): [number, number] {
  if (Array.isArray(value)) return [Number(value[0]), Number(value[1] ?? value[0])];
  const one = typeof value === 'number' ? value : fallback;
  return [one, one];
}
