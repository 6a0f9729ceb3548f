import { type GraphEditor, type InferredShape, type Node, tensorToFloat32 } from '@bitwright/onnx';
import type { StatisticsTable } from '../equalization/batch-norm-statistics';
import { floatConstant } from '../equalization/channel-layer';
import { clippedNormal, type Moments } from './normal-moments';

/** Mean and standard deviation of a tensor per channel as they follow from statistics; undefined where they do not. */
export type ExpectedMoments = (tensor: string) => Moments | undefined;

/**
 * Derives moments through the operators between layers, taking channels as normal before every activation function:
 *
 *   Relu, Clip        moments of the clipped normal distribution
 *   Add               means add; variances add, as if both were independent
 *   average pools     the mean stays, the standard deviation is not known
 *   Flatten           every channel repeats
 *   Concat            channels one after the other
 *
 * MaxPool and all else: unknown, so that only the empirical correction can help.
 */
export function expectedMoments(
  edit: GraphEditor,
  shapes: ReadonlyMap<string, InferredShape>,
  statistics: StatisticsTable,
): ExpectedMoments {
  const known = new Map<string, Moments | undefined>();
  const expected: ExpectedMoments = (tensor) => {
    if (known.has(tensor)) return known.get(tensor);
    const given = statistics.get(tensor);
    const node = edit.producer(tensor);
    const moments = given ?? (node === undefined ? undefined : derive(node, { edit, shapes, expected }));
    known.set(tensor, moments);
    return moments;
  };
  return expected;
}

// — internals —

interface Context {
  readonly edit: GraphEditor;
  readonly shapes: ReadonlyMap<string, InferredShape>;
  readonly expected: ExpectedMoments;
}

function derive(node: Node, context: Context): Moments | undefined {
  const [input = ''] = node.input;
  switch (node.opType) {
    case 'Identity':
    case 'Dropout':
      return context.expected(input);
    case 'Relu':
      return clipped(context.expected(input), 0, Number.POSITIVE_INFINITY);
    case 'Clip':
      return clipped(
        context.expected(input),
        bound(node.input[1], Number.NEGATIVE_INFINITY, context.edit),
        bound(node.input[2], Number.POSITIVE_INFINITY, context.edit),
      );
    case 'GlobalAveragePool':
    case 'AveragePool':
      return withoutStd(context.expected(input));
    case 'Add':
      return sum(node, context);
    case 'Flatten':
    case 'Reshape':
      return flattened(node, context);
    case 'Concat':
      return node.attribute.some((attribute) => attribute.name === 'axis' && attribute.i === 1n)
        ? concatenated(node.input.map((name) => context.expected(name)))
        : undefined;
    default:
      return undefined;
  }
}

function clipped(moments: Moments | undefined, lower: number, upper: number): Moments | undefined {
  const std = moments?.std;
  if (moments === undefined || std === undefined || Number.isNaN(lower) || Number.isNaN(upper)) return undefined;
  const results = Array.from(moments.mean, (mean, c) => clippedNormal(mean, std[c] as number, lower, upper));
  return { mean: Float64Array.from(results, (r) => r.mean), std: Float64Array.from(results, (r) => r.std) };
}

function bound(name: string | undefined, otherwise: number, edit: GraphEditor): number {
  if (name === undefined || name === '') return otherwise;
  const tensor = floatConstant(name, edit);
  return tensor === undefined ? Number.NaN : (tensorToFloat32(tensor)[0] ?? Number.NaN);
}

function sum(node: Node, context: Context): Moments | undefined {
  const [a, b] = node.input.map((name) => context.expected(name));
  if (a === undefined || b === undefined || a.mean.length !== b.mean.length) return undefined;
  const mean = a.mean.map((m, c) => m + (b.mean[c] as number));
  const { std: other } = b;
  const std = other === undefined ? undefined : a.std?.map((s, c) => Math.hypot(s, other[c] as number));
  return { mean, std };
}

function flattened(node: Node, { shapes, expected }: Context): Moments | undefined {
  const moments = expected(node.input[0] ?? '');
  const columns = shapes.get(node.output[0] ?? '')?.dims;
  const size = columns?.length === 2 ? columns[1] : undefined;
  if (moments === undefined || typeof size !== 'number' || size % moments.mean.length !== 0) return undefined;
  const block = size / moments.mean.length;
  const repeat = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: size }, (_, i) => values[Math.floor(i / block)] as number);
  return { mean: repeat(moments.mean), std: moments.std === undefined ? undefined : repeat(moments.std) };
}

function concatenated(parts: readonly (Moments | undefined)[]): Moments | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length !== parts.length) return undefined;
  const join = (arrays: readonly Float64Array[]): Float64Array =>
    Float64Array.from(arrays.flatMap((values) => [...values]));
  const stds = known.map((part) => part.std).filter((std) => std !== undefined);
  return { mean: join(known.map((part) => part.mean)), std: stds.length === known.length ? join(stds) : undefined };
}

function withoutStd(moments: Moments | undefined): Moments | undefined {
  return moments === undefined ? undefined : { mean: moments.mean, std: undefined };
}
