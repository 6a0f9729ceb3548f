import type { CodeRange } from '@bitwright/core';
import { codeTables } from './code-tables';
import { copyStrided, denseStrides } from './copy-strided';
import type { RunContext } from './run-context';
import { type ActivationCodes, type CodesValue, isOrderFree, memoryAxes, type RealValue, type Value } from './value';

/**
 * A value on a grid of codes: what quantizing its real numbers gives, to the bit. Codes on another grid go through a table.
 */
export function quantized(value: Value, parameters: ActivationCodes, run: RunContext): CodesValue {
  if (value.kind === 'real') {
    const result = run.newCodes(value, parameters);
    const { scheme, scale, zeroPoint } = parameters;
    const qparams = { scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zeroPoint) };
    const { qmin, qmax } = parameters;
    const narrowed = { ...scheme, qmin, qmax };
    run.operators.backend.quantize({ data: value.data, shape: [value.data.length] }, narrowed, qparams, result.data);
    return result;
  }
  const from = value.parameters;
  const isSameGrid = from.scale === parameters.scale && from.zeroPoint === parameters.zeroPoint;
  const isSameType = from.scheme.dtype.name === parameters.scheme.dtype.name;
  if (isSameGrid && isSameType && isWithin(from, parameters)) return value;
  const result = run.newCodes(value, parameters);
  run.operators.lookup(value.data, changeOfGrid(value, parameters), result.data);
  return result;
}

/** The real numbers of a value. */
export function dequantized(value: Value, run: RunContext): RealValue {
  if (value.kind === 'real') return value;
  const result = run.newReal(value);
  const { scheme, scale, zeroPoint } = value.parameters;
  const qparams = { scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zeroPoint) };
  run.operators.backend.dequantize(value.data, [value.data.length], scheme, qparams, result.data);
  return result;
}

/** The same tensor in another order of memory; nothing moves where both are the same bytes. */
export function arranged<V extends Value>(value: V, order: Value['order'], run: RunContext): V {
  if (value.order === order) return value;
  if (isOrderFree(value)) return { ...value, order };
  const target = { shape: value.shape, order };
  const result = like(value, target, run);
  const from = memoryAxes(value);
  const sizes = from.map((axis) => value.shape[axis] as number);
  const permutation = memoryAxes(target).map((axis) => from.indexOf(axis));
  const strides = denseStrides(sizes);
  copyStrided(
    permutation.map((axis) => sizes[axis] as number),
    { data: value.data, offset: 0, strides: permutation.map((axis) => strides[axis] as number) },
    { data: result.data, offset: 0, strides: denseStrides(permutation.map((axis) => sizes[axis] as number)) },
  );
  return result as V;
}

/** Memory for a value of the same kind and grid in another arrangement. */
export function like(value: Value, arrangement: Pick<Value, 'shape' | 'order'>, run: RunContext): Value {
  return value.kind === 'real' ? run.newReal(arrangement) : run.newCodes(arrangement, value.parameters);
}

// — internals —

const changeOfGrid = codeTables((x) => x);

function isWithin(inner: CodeRange, outer: CodeRange): boolean {
  return inner.qmin >= outer.qmin && inner.qmax <= outer.qmax;
}
