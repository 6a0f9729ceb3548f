import { elementCount } from '@bitwright/core';
import { intAttribute } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import {
  inputOf,
  knownSize,
  type LayerCall,
  type LayerConverter,
  malformedLayer,
  numberOf,
  sizesOf,
} from '../layer-call';
import { channelsFirstLayout, isPlain, physicalShape, plainLayout, type Value } from '../value';
import { withChannelsFirst } from './window';

/**
 * Flatten: [N, F]. Data whose channels stand behind the batch are flattened as they are, and the order of the features is
 * remembered: the Dense layer behind permutes its kernel.
 */
export const flattenConverter: LayerConverter = {
  classNames: ['Flatten'],
  convert(call) {
    const { writer } = call;
    const input = inputOf(call);
    const sizes = input.shape.slice(1);
    const isKnown = sizes.every((size) => size !== null);
    const keepsOrder = input.layout[0] === 0 && (isKnown || isPlain(input));
    const x = keepsOrder ? input : writer.plain(input);
    const count = isKnown ? elementCount(sizes.map((size) => size ?? 1)) : null;
    const order = isPlain(x) ? undefined : (x.featureOrder ?? featureOrder(x));
    const name = x.shape.length === 2 ? x.name : writer.one('Flatten', [x.name], [intAttribute('axis', 1)]);
    return [
      writer.value(name, [x.shape[0] ?? null, count], {
        type: x.type,
        ...(order === undefined ? {} : { featureOrder: order }),
      }),
    ];
  },
};

/** Logical feature at each position of the flattened ONNX tensor; undefined when nothing moved. */
function featureOrder(x: Value): Int32Array | undefined {
  const sizes = x.shape.slice(1).map((size) => size ?? 1);
  const count = elementCount(sizes);
  // Float32 holds indices below 2^24 exactly; more features than that do not occur in one row.
  const indices = Float32Array.from({ length: count }, (_, i) => i);
  const moved = permuteArray(
    indices,
    sizes,
    x.layout.slice(1).map((axis) => axis - 1),
  );
  return moved.every((feature, i) => feature === i) ? undefined : Int32Array.from(moved);
}

/** Reshape to `target_shape` behind the batch axis; one size may be −1. */
export const reshapeConverter: LayerConverter = {
  classNames: ['Reshape'],
  convert(call) {
    const input = inputOf(call);
    // With at most one axis longer than 1 behind the batch, the order of axes makes no difference.
    const isLine = input.layout[0] === 0 && input.shape.slice(1).filter((size) => size !== 1).length <= 1;
    const x = isLine && input.featureOrder === undefined ? input : call.writer.plain(input);
    const target = call.config['target_shape'];
    if (!Array.isArray(target)) throw malformedLayer(call, 'a list target_shape', JSON.stringify(target) ?? 'none');
    const sizes = target.map((size) => (size === null ? -1 : Number(size)));
    const shape = [x.shape[0] ?? null, ...resolvedSizes(sizes, x.shape.slice(1))];
    const isPixel = shape.length >= 4 && shape.slice(1, -1).every((size) => size === 1);
    if (isPixel && shape.at(-1) !== null) {
      // [N, 1, 1, C]: where the channels stand makes no difference, so they stand where convolutions have them.
      const ones = shape.slice(1, -1).map(() => 1);
      const name = reshapeTo(call, x.name, [-1, shape.at(-1) ?? 1, ...ones]);
      return [
        call.writer.value(name, shape, { type: x.type, layout: channelsFirstLayout(shape.length, shape.length - 1) }),
      ];
    }
    // Either the batch is inferred (all else known) or copied (0) while the open size is inferred.
    const request = shape.slice(1).includes(null) ? [0, ...sizes] : [-1, ...shape.slice(1).map((size) => size ?? -1)];
    return [call.writer.value(reshapeTo(call, x.name, request), shape, { type: x.type })];
  },
};

function resolvedSizes(target: readonly number[], input: readonly (number | null)[]): (number | null)[] {
  if (!target.includes(-1)) return [...target];
  if (input.includes(null)) return target.map((size) => (size === -1 ? null : size));
  const total = elementCount(input.map((size) => size ?? 1));
  const known = elementCount(target.filter((size) => size !== -1));
  return target.map((size) => (size === -1 ? total / known : size));
}

export function reshapeTo(call: LayerCall, name: string, sizes: readonly number[]): string {
  return call.writer.one('Reshape', [name, call.writer.int64(sizes)]);
}

/** Permute: only the order of axes changes, so nothing is written; whoever needs another order transposes. */
export const permuteConverter: LayerConverter = {
  classNames: ['Permute'],
  convert(call) {
    const input = inputOf(call);
    const x = input.featureOrder === undefined ? input : call.writer.plain(input);
    const dims = sizesOf(call, 'dims', x.shape.length - 1);
    // Axis i of the result is axis order[i] of the input.
    const order = [0, ...dims];
    const shape = order.map((axis) => x.shape[axis] ?? null);
    return [{ ...x, shape, layout: x.layout.map((axis) => order.indexOf(axis)) }];
  },
};

/** RepeatVector: [N, F] to [N, n, F]. */
export const repeatVectorConverter: LayerConverter = {
  classNames: ['RepeatVector'],
  convert(call) {
    const { writer } = call;
    const x = writer.plain(inputOf(call));
    const count = numberOf(call, 'n');
    const column = writer.one('Unsqueeze', [x.name, writer.int64([1])]);
    const repeated = writer.one('Tile', [column, writer.int64([1, count, 1])]);
    return [writer.value(repeated, [x.shape[0] ?? null, count, x.shape[1] ?? null], { type: x.type })];
  },
};

/** ZeroPadding1D/2D/3D: zeros around the spatial axes. */
export const zeroPaddingConverter: LayerConverter = {
  classNames: ['ZeroPadding1D', 'ZeroPadding2D', 'ZeroPadding3D'],
  convert(call) {
    const input = inputOf(call);
    const margins = marginsOf(call, 'padding', input.shape.length - 2);
    const x = withChannelsFirst(call, input);
    const pads = [0, 0, ...margins.map(([before]) => before), 0, 0, ...margins.map(([, after]) => after)];
    const name = call.writer.one('Pad', [x.name, call.writer.int64(pads)]);
    return [resized(x, name, (size, i) => size + (margins[i]?.[0] ?? 0) + (margins[i]?.[1] ?? 0))];
  },
};

/** Cropping1D/2D/3D: the spatial axes lose elements at both ends. */
export const croppingConverter: LayerConverter = {
  classNames: ['Cropping1D', 'Cropping2D', 'Cropping3D'],
  convert(call) {
    const { writer } = call;
    const input = inputOf(call);
    const margins = marginsOf(call, 'cropping', input.shape.length - 2);
    const x = withChannelsFirst(call, input);
    const axes = plainLayout(margins.length).map((axis) => axis + 2);
    const ends = margins.map(([, after]) => (after === 0 ? Number.MAX_SAFE_INTEGER : -after));
    const starts = margins.map(([before]) => before);
    const name = writer.one('Slice', [x.name, writer.int64(starts), writer.int64(ends), writer.int64(axes)]);
    return [resized(x, name, (size, i) => size - (margins[i]?.[0] ?? 0) - (margins[i]?.[1] ?? 0))];
  },
};

function resized(x: Value, name: string, size: (before: number, axis: number) => number): Value {
  const shape = [...x.shape];
  x.layout.slice(2).forEach((axis, i) => {
    const before = x.shape[axis] ?? null;
    shape[axis] = before === null ? null : size(before, i);
  });
  return { ...x, name, shape };
}

/** Margins per spatial axis: 1, [1, 2] (same at both ends) or [[1, 1], [2, 2]]; for one axis [before, after]. */
function marginsOf(call: LayerCall, key: string, rank: number): [number, number][] {
  const value = call.config[key] ?? 1;
  const list: unknown[] = Array.isArray(value) ? value : new Array(rank).fill(value);
  const isPair = rank === 1 && list.length === 2;
  const pairs = isPair ? [list] : list.map((item) => (Array.isArray(item) ? item : [item, item]));
  const margins = pairs.map((pair) => pair.map(Number));
  const isValid =
    margins.length === rank &&
    margins.every((pair) => pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0));
  if (!isValid) throw malformedLayer(call, `${rank} pairs of non-negative integers ${key}`, JSON.stringify(value));
  return margins.map(([before, after]) => [before ?? 0, after ?? 0]);
}

/** Shape of the ONNX tensor with the batch left open, for reshaping around inner layers. */
export function knownInnerSizes(call: LayerCall, value: Value, from: number): number[] {
  return physicalShape(value)
    .slice(from)
    .map((size) => knownSize(call, size, 'shape'));
}
