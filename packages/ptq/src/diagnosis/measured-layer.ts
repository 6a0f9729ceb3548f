import { type ChannelLayout, channelLayout } from './channel-axis';
import { type ChannelErrors, createChannelErrors } from './channel-errors';
import { type CodeCounts, type CodeGrid, codeGrid, createCodeCounts } from './code-usage';
import type { FlowLayer } from './find-layers';
import type { Flow } from './quantity';

/** A layer with the accumulators of what is measured at its output. */
export interface MeasuredLayer {
  readonly layer: FlowLayer;
  readonly layout: ChannelLayout;
  /** Bytes of its tensor for one sample, in float32. */
  readonly bytes: number;
  readonly grid: CodeGrid | undefined;
  readonly counts: CodeCounts;
  readonly cumulative: ChannelErrors;
  readonly isolated: ChannelErrors;
  /** The same with the runtime's optimizations. */
  readonly executed: ChannelErrors;
  /** Factors on the float tensor, where the quantizer has rescaled its channels. */
  gain: Float64Array | undefined;
}

/** @param dims shape of the tensor in a run of `rows` samples */
export function createMeasuredLayer(
  layer: FlowLayer,
  quantized: Flow,
  dims: readonly number[],
  rows: number,
): MeasuredLayer {
  const layout = channelLayout(layer.match.float, dims);
  return {
    layer,
    layout,
    bytes: (4 * dims.reduce((a, b) => a * b, 1)) / Math.max(1, rows),
    grid: codeGrid(layer.match.quantized, quantized),
    counts: createCodeCounts(),
    cumulative: createChannelErrors(layout.channels),
    isolated: createChannelErrors(layout.channels),
    executed: createChannelErrors(layout.channels),
    gain: undefined,
  };
}

/** The float tensor with the gains of its channels; the tensor itself where there are none. */
export function applyGain(values: Float32Array, { channels, inner }: ChannelLayout, gain?: Float64Array): Float32Array {
  if (gain === undefined) return values;
  return values.map((value, i) => value * (gain[Math.floor(i / inner) % channels] as number));
}
