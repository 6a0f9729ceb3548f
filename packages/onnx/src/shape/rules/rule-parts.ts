import type { Dim } from '../dim';
import { normalizeAxis } from '../element-map';
import type { InferContext, ShapeRule, TensorShape } from '../infer-types';

/** Tensor type of the given element type and sizes. */
export const shaped = (dataType: number, dims: readonly Dim[] | undefined): TensorShape => ({ dataType, dims });

/** Output 0 has the type and shape of input `i`. */
export const sameAs =
  (i: number): ShapeRule =>
  (c) => [c.input(i)];

/** Output 0 has the shape of input `i` and a fixed element type. */
export const sameShape =
  (i: number, dataType: number): ShapeRule =>
  (c) => [shaped(dataType, c.dims(i))];

/** The axes a node names in an attribute or, from some version on, in input `i`; normalized; undefined when unknown. */
export const axesOf = (c: InferContext, inputIndex: number, rank: number): number[] | undefined => {
  const axes = c.ints('axes') ?? (c.has(inputIndex) ? c.numbers(inputIndex) : undefined);
  if (axes === undefined) return undefined;
  const normal: number[] = [];
  for (const axis of axes) {
    const index = normalizeAxis(axis, rank);
    if (index === undefined) return undefined;
    normal.push(index);
  }
  return normal;
};

/** One table from rules for several operators each. */
export const rulesFor = (entries: readonly (readonly [ops: string, rule: ShapeRule])[]): Record<string, ShapeRule> =>
  Object.fromEntries(entries.flatMap(([ops, rule]) => ops.split(' ').map((op) => [op, rule] as const)));
