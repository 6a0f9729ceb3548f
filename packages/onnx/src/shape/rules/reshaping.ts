import { type Dim, divideDims, multiplyDims, unknownDims } from '../dim';
import { normalizeAxis } from '../element-map';
import type { InferContext, PartialValue, ShapeRule } from '../infer-types';
import { axesOf, rulesFor, shaped } from './rule-parts';

/**
 * Result of Reshape: 0 copies the input size (unless `allowzero`), one -1 takes what is left.
 * Named sizes cancel: [N,16,4] reshaped to [N,-1] is [N,64].
 */
export const reshapedDims = (
  input: readonly Dim[] | undefined,
  target: PartialValue,
  allowZero: boolean,
): readonly Dim[] => {
  const known = target.map((size, i): Dim => (size === 0 && !allowZero ? input?.[i] : size));
  const open = known.indexOf(-1);
  if (open < 0) return known;
  const rest = known.filter((_, i) => i !== open);
  const size = input === undefined ? undefined : divideDims(input, rest);
  return known.map((dim, i) => (i === open ? size : dim));
};

const reshape: ShapeRule = (c) => {
  const attribute = c.ints('shape');
  const target = attribute ?? c.value(1);
  const dataType = c.dataType(0);
  if (target !== undefined) return [shaped(dataType, reshapedDims(c.dims(0), target, (c.int('allowzero') ?? 0) !== 0))];
  const [rank] = c.dims(1) ?? [];
  return [shaped(dataType, unknownDims(rank))];
};

const flatten: ShapeRule = (c) => {
  const dims = c.dims(0);
  if (dims === undefined) return [shaped(c.dataType(0), [undefined, undefined])];
  const raw = c.int('axis') ?? 1;
  const axis = raw < 0 ? raw + dims.length : raw;
  return [shaped(c.dataType(0), [multiplyDims(dims.slice(0, axis)), multiplyDims(dims.slice(axis))])];
};

const transpose: ShapeRule = (c) => {
  const dims = c.dims(0);
  if (dims === undefined) return [shaped(c.dataType(0), undefined)];
  const perm = c.ints('perm') ?? dims.map((_, i) => dims.length - 1 - i);
  return [
    shaped(
      c.dataType(0),
      perm.map((axis) => dims[axis]),
    ),
  ];
};

const squeeze: ShapeRule = (c) => {
  const dims = c.dims(0);
  if (dims === undefined) return [shaped(c.dataType(0), undefined)];
  const given = c.ints('axes') !== undefined || c.has(1);
  if (!given) {
    const certain = dims.every((dim) => typeof dim === 'number');
    return [shaped(c.dataType(0), certain ? dims.filter((dim) => dim !== 1) : undefined)];
  }
  const axes = axesOf(c, 1, dims.length);
  return [shaped(c.dataType(0), axes === undefined ? undefined : dims.filter((_, i) => !axes.includes(i)))];
};

/** Unsqueezes `dims`; axes count in the result. Undefined when an axis does not exist. */
export const unsqueezedDims = (dims: readonly Dim[], axes: readonly number[]): readonly Dim[] | undefined => {
  const rank = dims.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  if (added.has(undefined) || added.size !== axes.length) return undefined;
  let next = 0;
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : dims[next++]));
};

const unsqueeze: ShapeRule = (c) => {
  const dims = c.dims(0);
  const axes = c.ints('axes') ?? c.numbers(1);
  const result = dims === undefined || axes === undefined ? undefined : unsqueezedDims(dims, axes);
  return [shaped(c.dataType(0), result)];
};

/** Axes a shape value reaches by broadcasting, aligned at the end (Expand). */
const expand: ShapeRule = (c) => {
  const dims = c.dims(0);
  const target = c.value(1);
  if (dims === undefined || target === undefined) {
    const [rank] = c.dims(1) ?? [];
    const result = typeof rank === 'number' ? Math.max(rank, dims?.length ?? rank) : undefined;
    return [shaped(c.dataType(0), dims === undefined ? undefined : unknownDims(result))];
  }
  const rank = Math.max(dims.length, target.length);
  const result = Array.from({ length: rank }, (_, i): Dim => {
    const from = dims.length - rank + i < 0 ? 1 : dims[dims.length - rank + i];
    const to = target.length - rank + i < 0 ? 1 : target[target.length - rank + i];
    if (to === 1 || from === to) return from;
    if (from === 1) return to;
    if (typeof from === 'number') return from;
    return typeof to === 'number' ? to : undefined;
  });
  return [shaped(c.dataType(0), result)];
};

const spread = (c: InferContext, toDepth: boolean): ReturnType<ShapeRule> => {
  const dims = c.dims(0);
  const size = c.int('blocksize');
  if (dims?.length !== 4 || size === undefined) return [shaped(c.dataType(0), undefined)];
  const [n, channels, h, w] = dims;
  const scaled = toDepth
    ? [n, multiplyDims([channels, size * size]), divideDims([h], [size]), divideDims([w], [size])]
    : [n, divideDims([channels], [size * size]), multiplyDims([h, size]), multiplyDims([w, size])];
  return [shaped(c.dataType(0), scaled)];
};

/** Operators that keep the elements and change the shape. */
export const reshapingRules: Readonly<Record<string, ShapeRule>> = rulesFor([
  ['Reshape', reshape],
  ['Flatten', flatten],
  ['Transpose', transpose],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Expand', expand],
  ['DepthToSpace', (c) => spread(c, false)],
  ['SpaceToDepth', (c) => spread(c, true)],
]);
