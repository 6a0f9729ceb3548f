import {
  concatMap,
  elementCount,
  expandMap,
  gatherMap,
  normalizeAxis,
  padMap,
  sliceMap,
  tileMap,
  transposeMap,
} from '../../shape/element-map';
import { slicesOf } from '../../shape/rules/selection';
import { type ConstantTensor, moveElements, numbersOf } from './constant-tensor';
import type { Evaluate } from './evaluate-types';

const reshape: Evaluate = (_, [x], [dims]) => {
  if (x === undefined || dims === undefined || elementCount(dims) !== x.data.length) return undefined;
  return [{ ...x, dims }];
};

const transpose: Evaluate = (c, [x]) => {
  if (x === undefined) return undefined;
  const perm = c.ints('perm') ?? x.dims.map((_, i) => x.dims.length - 1 - i);
  const map = transposeMap(x.dims, perm);
  return map === undefined ? undefined : [moveElements(x, map)];
};

const slice: Evaluate = (c, [x]) => {
  const slices = x === undefined ? undefined : slicesOf(c, x.dims.length);
  if (x === undefined || slices === undefined) return undefined;
  const known = [];
  for (const { axis, start, end, step } of slices) {
    if (typeof start !== 'number' || typeof end !== 'number' || step === 0) return undefined;
    known.push({ axis, start, end, step });
  }
  return [moveElements(x, sliceMap(x.dims, known))];
};

const gather: Evaluate = (c, [x, indices]) => {
  const axis = normalizeAxis(c.int('axis') ?? 0, x?.dims.length ?? 0);
  const positions = numbersOf(indices);
  if (x === undefined || indices === undefined || positions === undefined || axis === undefined) return undefined;
  const map = gatherMap(x.dims, axis, positions, indices.dims);
  return map === undefined ? undefined : [moveElements(x, map)];
};

const concat: Evaluate = (c, inputs) => {
  const parts = inputs.filter((input): input is ConstantTensor => input !== undefined);
  const [first] = parts;
  const axis = normalizeAxis(c.int('axis') ?? 1, first?.dims.length ?? 0);
  if (first === undefined || parts.length !== inputs.length || axis === undefined) return undefined;
  const data = parts.flatMap((part) => Array.from(part.data as ArrayLike<number | bigint>));
  const map = concatMap(
    parts.map((part) => part.dims),
    axis,
  );
  return [moveElements({ dataType: first.dataType, data }, map)];
};

const split: Evaluate = (c, [x], outputs) => {
  const axis = normalizeAxis(c.int('axis') ?? 0, x?.dims.length ?? 0);
  if (x === undefined || axis === undefined) return undefined;
  let start = 0;
  const parts: (ConstantTensor | undefined)[] = [];
  for (const dims of outputs) {
    if (dims === undefined) return undefined;
    const end = start + (dims[axis] ?? 0);
    parts.push(moveElements(x, sliceMap(x.dims, [{ axis, start, end, step: 1 }])));
    start = end;
  }
  return parts;
};

const expand: Evaluate = (_, [x], [dims]) =>
  x === undefined || dims === undefined ? undefined : [moveElements(x, expandMap(x.dims, dims))];

const tile: Evaluate = (_, [x, repeats]) => {
  const counts = numbersOf(repeats);
  return x === undefined || counts === undefined ? undefined : [moveElements(x, tileMap(x.dims, counts))];
};

const pad: Evaluate = (c, inputs) => {
  const [x] = inputs;
  const amounts = c.ints('pads') ?? numbersOf(inputs[1]);
  if (x === undefined || amounts === undefined || c.has(3) || (c.string('mode') ?? 'constant') !== 'constant') {
    return undefined;
  }
  const fill = c.has(2) ? inputs[2]?.data[0] : (c.float('value') ?? 0);
  if (fill === undefined) return undefined;
  const rank = x.dims.length;
  return [moveElements(x, padMap(x.dims, amounts.slice(0, rank), amounts.slice(rank)), fill)];
};

const where: Evaluate = (_, [condition, yes, no], [dims]) => {
  if (condition === undefined || yes === undefined || no === undefined || dims === undefined) return undefined;
  const chosen = moveElements(condition, expandMap(condition.dims, dims));
  const a = moveElements(yes, expandMap(yes.dims, dims));
  const b = moveElements(no, expandMap(no.dims, dims));
  if (chosen === undefined || a === undefined || b === undefined) return undefined;
  const data = Array.from(chosen.data as ArrayLike<number | bigint>, (flag, i) => (flag ? a : b).data[i] ?? 0);
  const source = Int32Array.from(data.keys());
  return [moveElements({ dataType: yes.dataType, data }, { dims, source })];
};

/** Operators that move elements without changing them; exact for every numeric type. */
export const movementEvaluators: Readonly<Record<string, Evaluate>> = {
  Identity: (_, [x]) => (x === undefined ? undefined : [x]),
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Slice: slice,
  Gather: gather,
  Concat: concat,
  Split: split,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Where: where,
};
