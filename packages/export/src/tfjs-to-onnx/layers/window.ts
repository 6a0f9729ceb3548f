import { type Attribute, intsAttribute, stringAttribute } from '@bitwright/onnx';
import { type LayerCall, textOf, unsupportedLayer } from '../layer-call';
import { channelsFirstLayout, type Value } from '../value';

/** Kernel, strides and dilations of a sliding window, one entry per spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The input with channels behind the batch, as ONNX convolutions and pools want it. */
export function withChannelsFirst(call: LayerCall, input: Value): Value {
  const rank = input.shape.length;
  return call.writer.arrange(input, channelsFirstLayout(rank, channelAxis(call, rank)));
}

/** Logical axis of the channels. */
export function channelAxis(call: LayerCall, rank: number): number {
  return textOf(call, 'data_format', 'channels_last') === 'channels_first' ? 1 : rank - 1;
}

/** Sizes of the spatial axes of a value whose channels stand behind the batch. */
export function spatialSizes(value: Value): (number | null)[] {
  return value.layout.slice(2).map((axis) => value.shape[axis] ?? null);
}

/** The value with new channels and spatial sizes, same layout. */
export function reshaped(
  value: Value,
  name: string,
  channels: number | null,
  spatial: readonly (number | null)[],
): Value {
  const shape = [...value.shape];
  shape[value.layout[1] ?? 1] = channels;
  value.layout.slice(2).forEach((axis, i) => {
    shape[axis] = spatial[i] ?? null;
  });
  const { featureOrder: _order, ...rest } = value;
  return { ...rest, name, shape };
}

/** Sizes after a window slid over the input. `same` keeps ⌈size / stride⌉, `valid` only whole windows. */
export function slidSizes(sizes: readonly (number | null)[], window: Window, padding: string): (number | null)[] {
  return sizes.map((size, i) => {
    if (size === null) return null;
    const stride = window.strides[i] ?? 1;
    if (padding !== 'valid') return Math.ceil(size / stride);
    return Math.floor((size - extentOf(window, i)) / stride) + 1;
  });
}

/** Elements a dilated window reaches over: (k − 1)·dilation + 1. */
function extentOf(window: Window, axis: number): number {
  return ((window.kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
}

/**
 * Attributes of a window over an input of the given sizes.
 *
 * TensorFlow's `same` pads max((⌈n/s⌉ − 1)·s + extent − n, 0), the smaller half in front; written out where the sizes are
 * known, else as SAME_UPPER, which means the same. `causal` pads extent − 1 in front.
 */
export function windowAttributes(
  call: LayerCall,
  sizes: readonly (number | null)[],
  window: Window,
  padding: string,
): Attribute[] {
  const attributes = [intsAttribute('kernel_shape', window.kernel), intsAttribute('strides', window.strides)];
  if (window.dilations.some((d) => d !== 1)) attributes.push(intsAttribute('dilations', window.dilations));
  if (padding === 'valid') return attributes;
  if (padding === 'causal') {
    return [
      ...attributes,
      intsAttribute('pads', [...sizes.map((_, i) => extentOf(window, i) - 1), ...sizes.map(() => 0)]),
    ];
  }
  if (padding !== 'same') throw unsupportedLayer(call, 'padding valid, same or causal', `"${padding}"`);
  const totals = sizes.map((size, i) => {
    const stride = window.strides[i] ?? 1;
    return size === null
      ? undefined
      : Math.max((Math.ceil(size / stride) - 1) * stride + extentOf(window, i) - size, 0);
  });
  const known = totals.filter((total) => total !== undefined);
  if (known.length < totals.length) return [...attributes, stringAttribute('auto_pad', 'SAME_UPPER')];
  if (known.every((total) => total === 0)) return attributes;
  const before = known.map((total) => Math.floor(total / 2));
  return [...attributes, intsAttribute('pads', [...before, ...known.map((total, i) => total - (before[i] ?? 0))])];
}
