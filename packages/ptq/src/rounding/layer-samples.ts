import type { SeededRandom } from '@bitwright/core';
import type { FeedTensor } from '../feeds';
import type { RoundableLayer, WeightLayout } from './roundable-layers';

/**
 * Output positions of a layer in one batch, `perSample` of each sample's, one drawn at random from each of as many equal stretches:
 * neighbouring positions say nearly the same, so a part of them gives the same second moments for a part of the work.
 */
export function drawPositions(positions: number, perSample: number, random: SeededRandom): Int32Array {
  if (perSample >= positions) return Int32Array.from({ length: positions }, (_, i) => i);
  const stretch = positions / perSample;
  return Int32Array.from({ length: perSample }, (_, i) =>
    Math.min(Math.floor((i + random.next()) * stretch), positions - 1),
  );
}

/** Number of output positions of a layer per sample: Ho·Wo, or the rows of a matrix product. */
export function positionsPerSample(layer: RoundableLayer, output: FeedTensor): number {
  const samples = output.dims[0] ?? 1;
  return output.data.length / (samples * layer.layout.groups * layer.layout.rows);
}

/**
 * Inputs of a layer as rows: one row per (sample, position), K values in the order of the weights' columns, then a 1 (whose
 * moments are the means).
 *
 * @param x Conv [N,C,H,W] or [N,C,W]; matrix product [N,…,K].
 * @param outputDims shape of the layer's output.
 * @param positions output positions, the same number for each sample: entry n·perSample + i.
 * @returns [N·perSample, K+1]
 */
export function gatherInputs(
  layer: RoundableLayer,
  group: number,
  x: FeedTensor,
  outputDims: readonly number[],
  positions: readonly Int32Array[],
): Float32Array {
  const { columns } = layer.layout;
  const width = columns + 1;
  const data = x.data as Float32Array;
  const total = positions.reduce((sum, p) => sum + p.length, 0);
  const out = new Float32Array(total * width);
  if (layer.window === undefined) {
    const rowsOfSample = data.length / ((x.dims[0] ?? 1) * columns);
    let to = 0;
    for (const [n, list] of positions.entries()) {
      for (const position of list) {
        const from = (n * rowsOfSample + position) * columns;
        out.set(data.subarray(from, from + columns), to);
        out[to + columns] = 1;
        to += width;
      }
    }
    return out;
  }
  gatherPatches(layer, group, x, outputDims, positions, out);
  return out;
}

/** Values of a tensor of the shape of a layer's output at positions, as rows [N·perSample, channels]. */
export function gatherTargets(layer: RoundableLayer, y: FeedTensor, positions: readonly Int32Array[]): Float32Array {
  const { rows, groups } = layer.layout;
  const channels = rows * groups;
  const data = y.data as Float32Array;
  const perSample = data.length / ((y.dims[0] ?? 1) * channels);
  const isChannelsFirst = layer.window !== undefined;
  const step = isChannelsFirst ? perSample : 1;
  const out = new Float32Array(positions.reduce((sum, p) => sum + p.length, 0) * channels);
  let to = 0;
  for (const [n, list] of positions.entries()) {
    const sample = n * channels * perSample;
    for (const position of list) {
      const from = sample + (isChannelsFirst ? position : position * channels);
      for (let c = 0; c < channels; c++) out[to++] = data[from + c * step] as number;
    }
  }
  return out;
}

/** The columns of one group [S, R] of rows [S, groups·R]; the rows themselves where there is one group. */
export function takeGroup(values: Float32Array, layout: WeightLayout, group: number): Float32Array {
  const { rows, groups } = layout;
  if (groups === 1) return values;
  const channels = rows * groups;
  const count = values.length / channels;
  const out = new Float32Array(count * rows);
  for (let s = 0; s < count; s++) {
    for (let r = 0; r < rows; r++) out[s * rows + r] = values[s * channels + group * rows + r] as number;
  }
  return out;
}

/** a − b, element by element. */
export function subtractFrom(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((v, i) => v - (b[i] as number));
}

/** Padding before the first element under SAME: total = (out−1)·stride + (k−1)·dilation + 1 − in, halved. */
export function samePad(
  size: number,
  outSize: number,
  kernel: number,
  stride: number,
  dilation: number,
  mode: 'sameUpper' | 'sameLower',
): number {
  const total = Math.max(0, (outSize - 1) * stride + (kernel - 1) * dilation + 1 - size);
  return mode === 'sameUpper' ? Math.floor(total / 2) : Math.ceil(total / 2);
}

// — internals —

function gatherPatches(
  layer: RoundableLayer,
  group: number,
  x: FeedTensor,
  outputDims: readonly number[],
  positions: readonly Int32Array[],
  out: Float32Array,
): void {
  const { window, layout } = layer;
  if (window === undefined) return;
  const data = x.data as Float32Array;
  const is2d = x.dims.length === 4;
  const channels = x.dims[1] as number;
  const height = is2d ? (x.dims[2] as number) : 1;
  const width = x.dims[is2d ? 3 : 2] as number;
  const outHeight = is2d ? (outputDims[2] as number) : 1;
  const outWidth = outputDims[is2d ? 3 : 2] as number;
  const [kernelY, kernelX] = window.kernel;
  const [strideY, strideX] = window.strides;
  const [dilationY, dilationX] = window.dilations;
  const [top, left] =
    typeof window.pads === 'string'
      ? [
          samePad(height, outHeight, kernelY, strideY, dilationY, window.pads),
          samePad(width, outWidth, kernelX, strideX, dilationX, window.pads),
        ]
      : window.pads;
  const groupChannels = channels / layout.groups;
  const plane = height * width;
  let to = 0;
  for (const [n, list] of positions.entries()) {
    const sample = (n * channels + group * groupChannels) * plane;
    for (const position of list) {
      const originY = Math.floor(position / outWidth) * strideY - top;
      const originX = (position % outWidth) * strideX - left;
      for (let c = 0; c < groupChannels; c++) {
        const channel = sample + c * plane;
        for (let ky = 0; ky < kernelY; ky++) {
          const y = originY + ky * dilationY;
          const isRow = y >= 0 && y < height;
          const row = channel + y * width;
          for (let kx = 0; kx < kernelX; kx++, to++) {
            const column = originX + kx * dilationX;
            if (isRow && column >= 0 && column < width) out[to] = data[row + column] as number;
          }
        }
      }
      out[to++] = 1;
    }
  }
}
