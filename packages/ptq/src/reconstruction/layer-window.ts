import type { FloatConv2d } from '@bitwright/core';
import { getInts } from '@bitwright/onnx';
import { samePad } from '../rounding/layer-samples';
import type { RoundableLayer } from '../rounding/roundable-layers';
import type { SampleShape } from './slot';

/** The convolution a layer computes on samples of a shape; a matrix product is one with a window of one pixel. */
export function layerConvolution(layer: RoundableLayer, input: SampleShape, batch: number): FloatConv2d {
  const { layout, window } = layer;
  const outChannels = layout.groups * layout.rows;
  const base = { batch, inHeight: input.height, inWidth: input.width, inChannels: input.channels, outChannels };
  if (window === undefined) {
    return {
      ...base,
      outHeight: input.height,
      outWidth: input.width,
      filterHeight: 1,
      filterWidth: 1,
      strideHeight: 1,
      strideWidth: 1,
      dilationHeight: 1,
      dilationWidth: 1,
      padTop: 0,
      padLeft: 0,
      groups: 1,
    };
  }
  const ends = getInts(layer.node, 'pads', [0, 0, 0, 0]).slice(2);
  const axis = (size: number, i: 0 | 1): { readonly out: number; readonly begin: number } => {
    const stride = window.strides[i];
    const dilation = window.dilations[i];
    if (typeof window.pads !== 'string') {
      const begin = window.pads[i];
      const reach = (window.kernel[i] - 1) * dilation + 1;
      return { out: Math.floor((size + begin + (ends[i] ?? 0) - reach) / stride) + 1, begin };
    }
    const out = Math.ceil(size / stride);
    return { out, begin: samePad(size, out, window.kernel[i], stride, dilation, window.pads) };
  };
  const rows = axis(input.height, 0);
  const columns = axis(input.width, 1);
  return {
    ...base,
    outHeight: rows.out,
    outWidth: columns.out,
    filterHeight: window.kernel[0],
    filterWidth: window.kernel[1],
    strideHeight: window.strides[0],
    strideWidth: window.strides[1],
    dilationHeight: window.dilations[0],
    dilationWidth: window.dilations[1],
    padTop: rows.begin,
    padLeft: columns.begin,
    groups: layout.groups,
  };
}

/** Weights of a layer from the model's layout to [filterHeight, filterWidth, inChannels/groups, outChannels]. */
export function toFilter(layer: RoundableLayer, data: Float32Array): Float32Array {
  const out = new Float32Array(data.length);
  forEachWeight(layer, (model, filter) => {
    out[filter] = data[model] as number;
  });
  return out;
}

/** The inverse of {@link toFilter}. */
export function fromFilter(layer: RoundableLayer, filter: Float32Array): Float32Array {
  const out = new Float32Array(filter.length);
  forEachWeight(layer, (model, position) => {
    out[model] = filter[position] as number;
  });
  return out;
}

// — internals —

function forEachWeight(layer: RoundableLayer, visit: (model: number, filter: number) => void): void {
  const { layout, window } = layer;
  const channels = layout.groups * layout.rows;
  const [height, width] = window?.kernel ?? [1, 1];
  const taps = height * width;
  const inputs = layout.columns / taps;
  for (let o = 0; o < channels; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let tap = 0; tap < taps; tap++) {
        const row = layout.order === 'rowsFirst' ? (o * inputs + c) * taps + tap : c * channels + o;
        visit(row, (tap * inputs + c) * channels + o);
      }
    }
  }
}
