import { type Attribute, intAttribute, intsAttribute } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import {
  inputOf,
  knownSize,
  type LayerCall,
  type LayerConverter,
  numberOf,
  sizesOf,
  textOf,
  unsupportedLayer,
  weightOf,
} from '../layer-call';
import type { LayerWeight } from '../layers-model';
import type { Value } from '../value';
import { usesBias, withActivation } from './activation';
import { reshaped, slidSizes, spatialSizes, type Window, windowAttributes, withChannelsFirst } from './window';

/** Conv1D/2D/3D: kernel [k…, in/groups, out] becomes [out, in/groups, k…]. */
export const convolutionConverter: LayerConverter = {
  classNames: ['Conv1D', 'Conv2D', 'Conv3D'],
  convert(call) {
    const rank = Number(call.className[4]);
    const x = withChannelsFirst(call, inputOf(call));
    const window = windowOf(call, rank, 'kernel_size');
    const channels = knownSize(call, x.shape[x.layout[1] ?? 1], 'number of channels');
    const filters = numberOf(call, 'filters');
    const groups = numberOf(call, 'groups', 1);
    const kernel = weightOf(call, 'kernel', [...window.kernel, channels / groups, filters]);
    const order = [rank + 1, rank, ...Array.from({ length: rank }, (_, i) => i)];
    return [withActivation(call, convolve(call, x, window, kernelConstant(call, kernel, order), filters, groups))];
  },
};

/** DepthwiseConv2D: kernel [kh, kw, C, M] becomes C groups, [C·M, 1, kh, kw]; output channel c·M + m. */
export const depthwiseConverter: LayerConverter = {
  classNames: ['DepthwiseConv2D'],
  convert(call) {
    const x = withChannelsFirst(call, inputOf(call));
    const y = depthwise(call, x, windowOf(call, 2, 'kernel_size'), 'depthwise_kernel');
    return [withActivation(call, y)];
  },
};

/** SeparableConv2D: a depthwise convolution without bias, then a pointwise one. */
export const separableConverter: LayerConverter = {
  classNames: ['SeparableConv2D'],
  convert(call) {
    const x = withChannelsFirst(call, inputOf(call));
    const window = windowOf(call, 2, 'kernel_size');
    const spread = depthwise(call, x, window, 'depthwise_kernel', false);
    const filters = numberOf(call, 'filters');
    const channels = knownSize(call, spread.shape[spread.layout[1] ?? 1], 'number of channels');
    const pointwise = weightOf(call, 'pointwise_kernel', [1, 1, channels, filters]);
    const unit: Window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1] };
    return [
      withActivation(
        call,
        convolve(call, spread, unit, kernelConstant(call, pointwise, [3, 2, 0, 1]), filters, 1, 'valid'),
      ),
    ];
  },
};

/** Conv2DTranspose, Conv3DTranspose: kernel [k…, out, in] becomes [in, out, k…]. */
export const transposedConverter: LayerConverter = {
  classNames: ['Conv2DTranspose', 'Conv3DTranspose'],
  convert(call) {
    const rank = Number(call.className[4]);
    const x = withChannelsFirst(call, inputOf(call));
    const window = windowOf(call, rank, 'kernel_size');
    if (window.dilations.some((d) => d !== 1)) throw unsupportedLayer(call, 'dilation rate 1', `[${window.dilations}]`);
    if ((call.config['output_padding'] ?? null) !== null) throw unsupportedLayer(call, 'no output_padding', 'one');
    const channels = knownSize(call, x.shape[x.layout[1] ?? 1], 'number of channels');
    const filters = numberOf(call, 'filters');
    const kernel = weightOf(call, 'kernel', [...window.kernel, filters, channels]);
    const order = [rank + 1, rank, ...Array.from({ length: rank }, (_, i) => i)];
    const padding = textOf(call, 'padding', 'valid');
    const sizes = spatialSizes(x).map((size, i) => {
      const [k, s] = [window.kernel[i] ?? 1, window.strides[i] ?? 1];
      if (size === null) return null;
      return padding === 'same' ? size * s : size * s + Math.max(k - s, 0);
    });
    const inputs = [x.name, kernelConstant(call, kernel, order), ...biasInput(call, filters)];
    const name = call.writer.one('ConvTranspose', inputs, transposedAttributes(call, window, padding));
    return [withActivation(call, reshaped(x, name, filters, sizes))];
  },
};

/**
 * A transposed convolution writes (n − 1)·s + k elements; TensorFlow keeps n·s of them for `same` (cutting k − s, the smaller
 * half in front) and n·s + max(k − s, 0) for `valid`.
 */
function transposedAttributes(call: LayerCall, { kernel, strides }: Window, padding: string): Attribute[] {
  if (padding !== 'same' && padding !== 'valid') throw unsupportedLayer(call, 'padding valid or same', `"${padding}"`);
  const cut = kernel.map((k, i) => (padding === 'same' ? Math.max(k - (strides[i] ?? 1), 0) : 0));
  const missing = kernel.map((k, i) => Math.max((strides[i] ?? 1) - k, 0));
  const before = cut.map((c) => Math.floor(c / 2));
  return [
    intsAttribute('kernel_shape', kernel),
    intsAttribute('strides', strides),
    intsAttribute('pads', [...before, ...cut.map((c, i) => c - (before[i] ?? 0))]),
    ...(missing.some((m) => m > 0) ? [intsAttribute('output_padding', missing)] : []),
  ];
}

function depthwise(call: LayerCall, x: Value, window: Window, weightName: string, hasBias = usesBias(call)): Value {
  const channels = knownSize(call, x.shape[x.layout[1] ?? 1], 'number of channels');
  // SeparableConv2D does not write its depth multiplier down; the kernel tells.
  const kernel = weightOf(call, weightName, [...window.kernel, channels, null]);
  const multiplier = kernel.shape[3] ?? 1;
  const [kh, kw] = [window.kernel[0] ?? 1, window.kernel[1] ?? 1];
  const constant = call.writer.constant(kernel.name, [channels * multiplier, 1, kh, kw], () =>
    permuteArray(kernel.data, kernel.shape, [2, 3, 0, 1]),
  );
  return convolve(call, x, window, constant, channels * multiplier, channels, undefined, hasBias);
}

function convolve(
  call: LayerCall,
  x: Value,
  window: Window,
  kernel: string,
  filters: number,
  groups: number,
  padding: string = textOf(call, 'padding', 'valid'),
  hasBias: boolean = usesBias(call),
): Value {
  const sizes = spatialSizes(x);
  const attributes = windowAttributes(call, sizes, window, padding);
  if (groups !== 1) attributes.push(intAttribute('group', groups));
  const inputs = [x.name, kernel, ...(hasBias ? biasInput(call, filters) : [])];
  return reshaped(x, call.writer.one('Conv', inputs, attributes), filters, slidSizes(sizes, window, padding));
}

function kernelConstant(call: LayerCall, kernel: LayerWeight, order: readonly number[]): string {
  return call.writer.constant(
    kernel.name,
    order.map((axis) => kernel.shape[axis] ?? 1),
    () => permuteArray(kernel.data, kernel.shape, order),
    order.join(),
  );
}

function biasInput(call: LayerCall, filters: number): string[] {
  if (!usesBias(call)) return [];
  const bias = weightOf(call, 'bias', [filters]);
  return [call.writer.constant(bias.name, [filters], () => bias.data)];
}

function windowOf(call: LayerCall, rank: number, kernelKey: string): Window {
  return {
    kernel: sizesOf(call, kernelKey, rank),
    strides: sizesOf(call, 'strides', rank, 1),
    dilations: sizesOf(call, 'dilation_rate', rank, 1),
  };
}
