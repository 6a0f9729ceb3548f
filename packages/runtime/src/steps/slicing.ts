import { dequantized, like } from '../convert-value';
import { copyStrided, denseStrides } from '../copy-strided';
import {
  axisIn,
  floatOf,
  indicesOf,
  intOf,
  type OperatorLowering,
  only,
  refusal,
  type Step,
  textOf,
} from '../lowering';
import type { RunContext } from '../run-context';
import { memoryAxes, memoryShape, type Value } from '../value';
import { optionalReals } from './real-constant';

/** Slice with constant bounds, steps forwards or backwards. */
export const slicing: OperatorLowering = {
  opTypes: ['Slice'],
  lower(context): Step {
    const { node } = context;
    const [starts, ends] = [indicesOf(context, 1, 'starts'), indicesOf(context, 2, 'ends')];
    if (starts === undefined || ends === undefined) throw refusal(node, 'constant starts and ends', 'none');
    const axes = indicesOf(context, 3, 'axes') ?? starts.map((_, i) => i);
    const steps = indicesOf(context, 4, 'steps') ?? starts.map(() => 1);
    return (inputs, run) => {
      const x = only(inputs, node);
      const parts = x.shape.map((size) => ({ start: 0, step: 1, count: size }));
      for (const [i, given] of axes.entries()) {
        const axis = axisIn(given, x.shape.length);
        parts[axis] = partOf(x.shape[axis] as number, starts[i] as number, ends[i] as number, steps[i] as number);
      }
      return [cut(x, parts, run)];
    };
  },
};

/** Split along an axis, into given or equal sizes. */
export const splitting: OperatorLowering = {
  opTypes: ['Split'],
  lower(context): Step {
    const { node } = context;
    const sizes = indicesOf(context, 1, 'split');
    const given = intOf(node, 'axis', 0);
    return (inputs, run) => {
      const x = only(inputs, node);
      const axis = axisIn(given, x.shape.length);
      const length = x.shape[axis] as number;
      const even = Math.ceil(length / node.outputs.length);
      let at = 0;
      return node.outputs.map((_, i) => {
        const count = sizes?.[i] ?? Math.min(even, length - at);
        const parts = x.shape.map((size, a) =>
          a === axis ? { start: at, step: 1, count } : { start: 0, step: 1, count: size },
        );
        at += count;
        return cut(x, parts, run);
      });
    };
  },
};

/** Pad with a constant. */
export const padding: OperatorLowering = {
  opTypes: ['Pad'],
  lower(context): Step {
    const { node } = context;
    const mode = textOf(node, 'mode', 'constant');
    if (mode !== 'constant') throw refusal(node, 'mode constant', mode);
    const pads = indicesOf(context, 1, 'pads');
    if (pads === undefined || pads.some((pad) => pad < 0)) throw refusal(node, 'constant pads ≥ 0', `${pads}`);
    const filler = optionalReals(context, 2)?.data[0] ?? floatOf(node, 'value', 0);
    const named = indicesOf(context, 3, 'axes');
    return (inputs, run) => {
      const given = only(inputs, node);
      const x = filler === 0 ? given : dequantized(given, run);
      const axes = named ?? x.shape.map((_, axis) => axis);
      if (pads.length !== 2 * axes.length) throw refusal(node, `two pads for each of ${axes.length} axes`, `${pads}`);
      const before = x.shape.map(() => 0);
      const after = x.shape.map(() => 0);
      for (const [i, axis] of axes.entries()) {
        before[axisIn(axis, x.shape.length)] = pads[i] as number;
        after[axisIn(axis, x.shape.length)] = pads[axes.length + i] as number;
      }
      const shape = x.shape.map((d, axis) => d + (before[axis] as number) + (after[axis] as number));
      const y = like(x, { shape, order: x.order }, run);
      y.data.fill(x.kind === 'codes' ? x.parameters.zeroPoint : filler);
      const sizes = memoryShape(x);
      const strides = denseStrides(memoryShape(y));
      const offset = memoryAxes(x).reduce((sum, axis, i) => sum + (before[axis] as number) * (strides[i] as number), 0);
      copyStrided(sizes, { data: x.data, offset: 0, strides: denseStrides(sizes) }, { data: y.data, offset, strides });
      return [y];
    };
  },
};

// — internals —

interface Part {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** ONNX Slice along one axis: bounds from the end when negative, then clamped. */
function partOf(size: number, start: number, end: number, step: number): Part {
  const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const [first, last] =
    step > 0 ? [clamp(from, 0, size), clamp(to, 0, size)] : [clamp(from, 0, size - 1), clamp(to, -1, size - 1)];
  return { start: first, step, count: Math.max(Math.ceil((last - first) / step), 0) };
}

function cut(x: Value, parts: readonly Part[], run: RunContext): Value {
  const isWhole = parts.every(({ start, step, count }, axis) => start === 0 && step === 1 && count === x.shape[axis]);
  if (isWhole) return x;
  const shape = parts.map(({ count }) => count);
  const y = like(x, { shape, order: x.order }, run);
  const axes = memoryAxes(x);
  const strides = denseStrides(memoryShape(x));
  const offset = axes.reduce((sum, axis, i) => sum + (parts[axis] as Part).start * (strides[i] as number), 0);
  copyStrided(
    memoryShape(y),
    { data: x.data, offset, strides: axes.map((axis, i) => (strides[i] as number) * (parts[axis] as Part).step) },
    { data: y.data, offset: 0, strides: denseStrides(memoryShape(y)) },
  );
  return y;
}
