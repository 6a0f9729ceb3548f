import type { Shape } from '../tfjs-to-onnx/value';

/**
 * The output of a layer that stands for an ONNX tensor.
 *
 * `shape` is ONNX' own (N, C, H, W). The layer may hold the same numbers in another order of axes: its axis i is axis `layout[i]` of
 * `shape`. Images stand channels last: [0, 2, 3, 1].
 */
export interface KerasValue {
  readonly layer: string;
  readonly shape: Shape;
  readonly layout: readonly number[];
  /** For [N, F]: entry j of the layer's output is feature `featureOrder[j]` of the ONNX tensor. */
  readonly featureOrder?: Int32Array;
  /** For [N, C, 1, 1] of a global pool: the layer that gives [N, C]. `layer` is then written when somebody needs four axes. */
  readonly pooled?: string;
}

/** Channels last: [0, spatial…, 1]. */
export function channelsLastLayout(rank: number): number[] {
  return [0, ...Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => i + 2), ...(rank > 1 ? [1] : [])];
}
