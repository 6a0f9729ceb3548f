import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { ChannelTransform } from '../fold-batch-norm';
import { channelOfElement } from '../fold-batch-norm';
import type { QuantizerSlot } from '../quantizers/quantizer-slot';

/** A trained weight as codes and steps, and as the floats they stand for. */
export interface HardWeight {
  /** value = fround((code − zeroPoint)·scale), float32. */
  readonly values: Float32Array;
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly qmin: number;
  readonly qmax: number;
}

/** Smallest normal float32: below it a scale is no scale. */
const smallestScale = 2 ** -126;

/**
 * The weight that was trained, moved exactly onto its grid, with a batch normalization folded in when given.
 *
 * Folding multiplies channel c by a = factor[c]: its step becomes fround(|a|·s) and its codes change sign where a < 0, so the
 * result is on a grid again, one step per channel. A channel that folding silences (a = 0, or the step too small) gets the largest
 * step of the others: any would do for its codes, all 0, but runtimes count its bias in it.
 */
export function hardenWeight(
  latent: Tensor,
  slot: QuantizerSlot,
  channelAxes: readonly number[],
  transform?: ChannelTransform,
): HardWeight {
  const quantized = tidyData(() => slot.apply(latent, false));
  const grid = slot.readGrid(latent);
  const channelOf = channelOfElement(latent.shape, channelAxes);
  const isPerTensor = grid.scale.length === 1;
  const count = isPerTensor && transform === undefined ? 1 : Math.max(grid.scale.length, transform?.factor.length ?? 1);
  const scale = new Float32Array(count);
  const sign = new Int8Array(count);
  for (let c = 0; c < count; c++) {
    const factor = transform?.factor[c] ?? 1;
    const folded = Math.fround(Math.abs(factor) * (grid.scale[isPerTensor ? 0 : c] as number));
    scale[c] = folded < smallestScale ? 0 : folded;
    sign[c] = folded < smallestScale ? 0 : Math.sign(factor);
  }
  const largest = scale.reduce((most, one) => Math.max(most, one), 0) || 1;
  for (let c = 0; c < count; c++) if (scale[c] === 0) scale[c] = largest;
  const values = new Float32Array(quantized.length);
  let least = grid.qmin;
  let most = grid.qmax;
  for (let i = 0; i < quantized.length; i++) {
    const channel = channelOf(i);
    const step = grid.scale[isPerTensor ? 0 : channel] as number;
    const c = count === 1 ? 0 : channel;
    const code = Math.round((quantized[i] as number) / step) * (sign[c] as number);
    values[i] = code * (scale[c] as number) + 0;
    least = Math.min(least, code);
    most = Math.max(most, code);
  }
  const zeroPoint = Int32Array.from(scale, (_, c) => grid.zeroPoint[isPerTensor ? 0 : c] ?? 0);
  return { values, scale, zeroPoint, qmin: least, qmax: most };
}

function tidyData(compute: () => Tensor): Float32Array {
  let data = new Float32Array();
  tidy(() => {
    data = Float32Array.from(compute().dataSync());
  });
  return data;
}
