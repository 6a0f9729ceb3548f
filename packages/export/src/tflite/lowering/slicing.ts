import { getInt, getInts, getString, type Node, tensorToArray, tensorToFloat32 } from '@bitwright/onnx';
import { scalarLike } from './clamp';
import {
  arrange,
  constantOf,
  constantValue,
  type LoweringContext,
  type Mode,
  readValue,
  sizeOf,
  valueNamed,
} from './context';
import { noInt8Kernel, type OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { inOrder, onnxOrder, type TensorSize, tensorAxis, type Value } from './value';
import { padAmounts } from './window';
import { writeResult } from './write-result';

/** Slice with constant bounds: STRIDED_SLICE; axes that are not sliced are masked, so an open batch stays open. */
export const sliceLowering: OperatorLowering = {
  opTypes: ['Slice'],
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const starts = integers(context, node, 1, 'starts');
    const ends = integers(context, node, 2, 'ends');
    const axes = integers(context, node, 3, 'axes', onnxOrder(starts.length));
    const steps = integers(
      context,
      node,
      4,
      'steps',
      starts.map(() => 1),
    );
    const ranges = axes.map((axis, i) => {
      const at = tensorAxis(value, axis);
      return { axis: at, ...clampRange(starts[i] ?? 0, ends[i] ?? 0, steps[i] ?? 1, value.shape[at] ?? 0) };
    });
    writeSlice(context, node, mode, value, ranges, 0);
  },
};

/** Split: one STRIDED_SLICE per part. */
export const splitLowering: OperatorLowering = {
  opTypes: ['Split'],
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const axis = tensorAxis(value, getInt(node, 'axis', 0));
    let start = 0;
    for (const [i, name] of node.output.entries()) {
      const size = sizeOf(context, node, name);
      const length = inOrder(size.shape, value.order)[axis] ?? 0;
      writeSlice(context, node, mode, value, [{ axis, start, end: start + length, step: 1 }], i);
      start += length;
    }
  },
};

/** Gather along one axis: GATHER. */
export const gatherLowering: OperatorLowering = {
  opTypes: ['Gather'],
  lower(node, mode, context) {
    const plain = readValue(context, node, 0, mode);
    const data = arrange(context, plain, onnxOrder(plain.shape.length));
    const indexName = node.input[1] ?? '';
    const indices = valueNamed(context, indexName, 'float') ?? constantValue(context, indexName, 'float');
    if (indices === undefined) throw refuse(node, `its input "${indexName}"`, 'none');
    const rank = plain.shape.length;
    const axis = (getInt(node, 'axis', 0) + rank) % rank;
    const size = sizeOf(context, node, node.output[0] ?? '');
    const order = onnxOrder(size.shape.length);
    writeResult(
      context,
      node,
      mode,
      { ...size, order },
      (result) => context.builder.operator('GATHER', [data.tensor, indices.tensor], [result.tensor], { axis }),
      { params: plain.params, type: plain.type },
    );
  },
};

/** Pad with a constant: PAD for real 0, PADV2 for others. */
export const padLowering: OperatorLowering = {
  opTypes: ['Pad'],
  lower(node, mode, context) {
    const style = getString(node, 'mode', 'constant');
    if (style !== 'constant') throw refuse(node, 'mode constant', style);
    const value = readValue(context, node, 0, mode);
    const rank = value.shape.length;
    const pads = integers(context, node, 1, 'pads');
    const axes = integers(context, node, 3, 'no attribute', onnxOrder(rank)).map((a) => (a < 0 ? a + rank : a));
    if (pads.some((pad) => pad < 0)) throw refuse(node, 'pads of 0 or more', `[${pads.join(',')}]`);
    const pairs = value.order.flatMap((axis) => {
      const i = axes.indexOf(axis);
      return i < 0 ? [0, 0] : [pads[i] ?? 0, pads[i + axes.length] ?? 0];
    });
    const filler = fillerOf(context, node);
    const amounts = padAmounts(context, pairs);
    writeResult(
      context,
      node,
      mode,
      outputLike(context, node, value, 0),
      (result) => {
        if (filler === 0) context.builder.operator('PAD', [value.tensor, amounts], [result.tensor]);
        else {
          const constant = scalarLike(context, { ...value, shape: [1] }, filler);
          context.builder.operator('PADV2', [value.tensor, amounts, constant], [result.tensor]);
        }
      },
      { params: value.params },
    );
  },
};

/** Expand to a fixed shape: BROADCAST_TO. */
export const expandLowering: OperatorLowering = {
  opTypes: ['Expand'],
  whyReal: noInt8Kernel,
  lower(node, mode, context) {
    const plain = readValue(context, node, 0, mode);
    const value = arrange(context, plain, onnxOrder(plain.shape.length));
    const size = sizeOf(context, node, node.output[0] ?? '');
    if (size.signature.some((d) => d < 0))
      context.notes.add(`Node "${node.name}" (BROADCAST_TO) fixes the batch to 1.`);
    writeResult(context, node, mode, { ...size, order: onnxOrder(size.shape.length) }, (result) => {
      context.builder.operator('BROADCAST_TO', [value.tensor, context.builder.int32s(size.shape)], [result.tensor]);
    });
  },
};

// — internals —

interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Bounds as ONNX clamps them: from the end where negative, then into the axis. */
function clampRange(start: number, end: number, step: number, size: number): Omit<SliceRange, 'axis'> {
  const fromEnd = (v: number): number => (v < 0 ? v + size : v);
  if (step > 0) {
    const clamp = (v: number): number => Math.min(Math.max(fromEnd(v), 0), size);
    return { start: clamp(start), end: clamp(end), step };
  }
  const last = Math.min(Math.max(fromEnd(start), 0), size - 1);
  // −size − 1 means "beyond index 0" for a negative step.
  const before = end < -size || fromEnd(end) < 0 ? -size - 1 : fromEnd(end);
  return { start: last, end: before, step };
}

function writeSlice(
  context: LoweringContext,
  node: Node,
  mode: Mode,
  value: Value,
  ranges: readonly SliceRange[],
  output: number,
): void {
  const { builder } = context;
  const rank = value.shape.length;
  const [begin, end, step] = [0, 1, 2].map((part) =>
    Array.from({ length: rank }, (_, axis) => {
      const range = ranges.find((each) => each.axis === axis);
      if (range === undefined) return part === 2 ? 1 : 0;
      return part === 0 ? range.start : part === 1 ? range.end : range.step;
    }),
  ) as [number[], number[], number[]];
  const isSliced = (axis: number): boolean => ranges.some((each) => each.axis === axis);
  const mask = Array.from({ length: rank }, (_, axis) => (isSliced(axis) ? 0 : 2 ** axis)).reduce((a, b) => a + b, 0);
  writeResult(
    context,
    node,
    mode,
    outputLike(context, node, value, output),
    (result) => {
      const operands = [value.tensor, builder.int32s(begin), builder.int32s(end), builder.int32s(step)];
      builder.operator('STRIDED_SLICE', operands, [result.tensor], { beginMask: mask, endMask: mask });
    },
    { params: value.params, type: value.type, output },
  );
}

/** Size of an output whose axes stand in the order of the input. */
function outputLike(
  context: LoweringContext,
  node: Node,
  { order }: Value,
  output: number,
): TensorSize & { readonly order: readonly number[] } {
  const size = sizeOf(context, node, node.output[output] ?? '');
  return { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
}

/** Integers from an input or, in older operator sets, an attribute. */
function integers(
  context: LoweringContext,
  node: Node,
  input: number,
  attribute: string,
  otherwise?: readonly number[],
): readonly number[] {
  const name = node.input[input] ?? '';
  const tensor = constantOf(context, name);
  if (tensor !== undefined) return Array.from(tensorToArray(tensor) as ArrayLike<number | bigint>, Number);
  if (name !== '') throw refuse(node, `constant ${attribute}`, `"${name}"`);
  const values = getInts(node, attribute) ?? otherwise;
  if (values === undefined) throw refuse(node, attribute, 'none');
  return values;
}

function fillerOf(context: LoweringContext, node: Node): number {
  const name = node.input[2] ?? '';
  if (name === '') return 0;
  const tensor = constantOf(context, name);
  if (tensor === undefined) throw refuse(node, 'a constant pad value', `"${name}"`);
  return tensorToFloat32(tensor)[0] ?? 0;
}
