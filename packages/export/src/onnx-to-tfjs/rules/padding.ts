import { getInts, getString } from '@bitwright/onnx';
import type { Shape } from '../../tfjs-to-onnx/value';
import { customClasses } from '../custom-layers';
import type { KerasValue } from '../keras-value';
import { type NodeCall, sizeOf, unsupported } from '../node-call';

/** A sliding window, one entry per spatial axis. */
export interface WindowPads {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** Elements in front of and behind one axis. */
export type Margin = readonly [before: number, after: number];

/** The pads of a window, `auto_pad` worked out. */
export function windowPads(call: NodeCall, window: WindowPads, sizes: Shape): readonly Margin[] {
  const { node } = call;
  const mode = getString(node, 'auto_pad', 'NOTSET');
  const rank = window.kernel.length;
  if (mode === 'VALID') return window.kernel.map(() => [0, 0] as const);
  if (mode === 'NOTSET') {
    const pads = getInts(node, 'pads', new Array<number>(2 * rank).fill(0));
    return window.kernel.map((_, i) => [pads[i] ?? 0, pads[i + rank] ?? 0] as const);
  }
  return sizes.map((size, i) => {
    const total = samePadding(window, i, sizeOf(call, size, 'image size'));
    const small = Math.floor(total / 2);
    return mode === 'SAME_LOWER' ? ([total - small, small] as const) : ([small, total - small] as const);
  });
}

/** Whether the pads are what TensorFlow calls `same` (or none at all): ⌈n/s⌉ results, the smaller half in front. */
export function samePads(window: WindowPads, sizes: Shape, pads: readonly Margin[]): boolean {
  return (
    pads.every(([before, after], i) => {
      const size = sizes[i] ?? null;
      if (size === null) return false;
      const total = samePadding(window, i, size);
      return before === Math.floor(total / 2) && after === total - before;
    }) || pads.every(([before, after]) => before === 0 && after === 0)
  );
}

function samePadding(window: WindowPads, axis: number, size: number): number {
  const stride = window.strides[axis] ?? 1;
  const extent = ((window.kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
  return Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0);
}

/** Channels-last data with margins around the spatial axes: ZeroPadding2D for zeros around images, else the custom layer. */
export function padded(call: NodeCall, input: KerasValue, pads: readonly Margin[], value: number): KerasValue {
  if (pads.every(([before, after]) => before === 0 && after === 0)) return input;
  if (pads.some(([before, after]) => before < 0 || after < 0)) throw unsupported(call, 'pads ≥ 0', `[${pads}]`);
  const isStock = value === 0 && pads.length === 2;
  const layer = isStock
    ? call.writer.add('ZeroPadding2D', [input.layer], { config: { padding: pads.map((pad) => [...pad]) } })
    : call.writer.add(customClasses.pad, [input.layer], {
        config: { paddings: [...pads.map((pad) => [...pad]), [0, 0]], value },
      });
  return { ...input, layer };
}
