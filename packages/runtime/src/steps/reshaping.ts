import { elementCount } from '@bitwright/core';
import { arranged, like } from '../convert-value';
import { copyStrided, denseStrides } from '../copy-strided';
import {
  axisIn,
  indicesOf,
  intOf,
  intsOf,
  type LoweringContext,
  type OperatorLowering,
  only,
  refusal,
  type Step,
} from '../lowering';
import type { RunContext } from '../run-context';
import { isOrderFree, memoryAxes, type Value } from '../value';

/** Operators that give the same elements, in the same order, another shape. */
export const reshaping: OperatorLowering = {
  opTypes: ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout'],
  lower(context): Step {
    const shapeOf = newShape(context);
    return (inputs, run) => {
      const x = only(inputs, context.node);
      const plain = isOrderFree(x) ? { ...x, order: 'plain' as const } : arranged(x, 'plain', run);
      const shape = shapeOf(x.shape);
      if (elementCount(shape) !== elementCount(x.shape)) {
        throw refusal(context.node, `${elementCount(x.shape)} elements`, `shape [${shape.join(',')}]`);
      }
      return [{ ...plain, shape }];
    };
  },
};

/** Transpose: only the order of memory changes where that is enough, else elements move. */
export const transposition: OperatorLowering = {
  opTypes: ['Transpose'],
  lower({ node }): Step {
    const permutation = intsOf(node, 'perm');
    return (inputs, run) => {
      const x = only(inputs, node);
      const order = permutation ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
      const shape = order.map((axis) => x.shape[axis] as number);
      const inMemory = memoryAxes(x);
      if (order.every((axis, i) => axis === inMemory[i])) return [{ ...x, shape, order: 'plain' }];
      const isToLast =
        x.order === 'plain' && memoryAxes({ shape, order: 'channelsLast' }).every((axis, i) => order[axis] === i);
      if (isToLast) return [{ ...x, shape, order: 'channelsLast' }];
      const plain = arranged(x, 'plain', run);
      return [moved(plain, order, shape, run)];
    };
  },
};

// — internals —

function moved(x: Value, order: readonly number[], shape: readonly number[], run: RunContext): Value {
  const y = like(x, { shape, order: 'plain' }, run);
  const strides = denseStrides(x.shape);
  copyStrided(
    shape,
    { data: x.data, offset: 0, strides: order.map((axis) => strides[axis] as number) },
    { data: y.data, offset: 0, strides: denseStrides(shape) },
  );
  return y;
}

function newShape(context: LoweringContext): (shape: readonly number[]) => readonly number[] {
  const { node } = context;
  switch (node.operator) {
    case 'Reshape': {
      const target = indicesOf(context, 1, 'shape');
      if (target === undefined) throw refusal(node, 'a constant shape', 'none');
      const keepsZeros = intOf(node, 'allowzero', 0) !== 0;
      return (shape) => {
        const known = target.map((d, i) => (d === 0 && !keepsZeros ? (shape[i] ?? 1) : d));
        const rest = elementCount(shape) / elementCount(known.filter((d) => d !== -1));
        return known.map((d) => (d === -1 ? rest : d));
      };
    }
    case 'Flatten': {
      const axis = intOf(node, 'axis', 1);
      return (shape) => {
        const at = axisIn(axis, shape.length);
        return [elementCount(shape.slice(0, at)), elementCount(shape.slice(at))];
      };
    }
    case 'Squeeze': {
      const axes = indicesOf(context, 1, 'axes');
      return (shape) =>
        shape.filter((d, i) => (axes === undefined ? d !== 1 : !axes.some((axis) => axisIn(axis, shape.length) === i)));
    }
    case 'Unsqueeze': {
      const axes = indicesOf(context, 1, 'axes') ?? [];
      return (shape) => {
        const rank = shape.length + axes.length;
        const added = new Set(axes.map((axis) => axisIn(axis, rank)));
        const old = [...shape];
        return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (old.shift() as number)));
      };
    }
    default:
      return (shape) => shape;
  }
}
