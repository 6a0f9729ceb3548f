import type { QuantizationSpec, TensorQuantization } from '@bitwright/core';
import { DataType, type GraphIndex, type InferredShape, type Node, type Tensor } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import { absorbingOutput } from '../../spec-layers';
import type { TensorTypeName } from '../schema/tensor-types';
import { bytesOf, dimsOf, int8Codes, int8ZeroPoints, plainConstant } from './constant-data';
import type { GraphBuilder } from './graph-builder';
import { refuse } from './refusal';
import { type CodeParams, inOrder, isReshape, isSameOrder, onnxOrder, type TensorSize, type Value } from './value';

/** Whether a node is written on int8 codes or on real numbers. */
export type Mode = 'int8' | 'float';

/** Everything the lowering of one node may look at or add to. */
export interface LoweringContext {
  readonly index: GraphIndex;
  readonly spec: QuantizationSpec;
  readonly builder: GraphBuilder;
  /** Version of the ai.onnx operator set. */
  readonly opset: number;
  /** Types with the batch as the model declares it, and with 1 in its place. */
  readonly types: ReadonlyMap<string, InferredShape>;
  readonly fixedTypes: ReadonlyMap<string, InferredShape>;
  /** Values known so far, by ONNX name and mode. */
  readonly values: Map<string, Value>;
  /** What a reader of the file should know. */
  readonly notes: Set<string>;
}

/** Reads an operand in the mode of a node: from the values so far, or as a constant. */
export function readValue(context: LoweringContext, node: Node, input: number, mode: Mode): Value {
  const name = node.input[input] ?? '';
  const value = valueNamed(context, name, mode) ?? constantValue(context, name, mode);
  if (value !== undefined) return value;
  const what = mode === 'int8' ? `parameters of its input "${name}"` : `its input "${name}"`;
  const hint = mode === 'int8' ? 'Calibrate the model for this target: --target tflite.' : undefined;
  throw refuse(node, what, 'none', hint);
}

/** A value in a mode, converted from the other one where only that exists; undefined when there is none. */
export function valueNamed(context: LoweringContext, name: string, mode: Mode): Value | undefined {
  const { values, builder } = context;
  const key = valueKey(name, mode);
  const known = values.get(key);
  if (known !== undefined) return known;
  const other = values.get(valueKey(name, mode === 'int8' ? 'float' : 'int8'));
  if (other === undefined) return undefined;
  if (mode === 'float') {
    const own = context.index.isOutput(name) ? name : `${name}_float`;
    const value = addTensor(context, own, other, { type: 'FLOAT32', params: undefined });
    builder.operator('DEQUANTIZE', [other.tensor], [value.tensor]);
    values.set(key, value);
    return value;
  }
  const params = paramsOf(context, name);
  if (params === undefined || other.type !== 'FLOAT32') return undefined;
  const value = addTensor(context, `${name}_int8`, other, { type: 'INT8', params });
  builder.operator('QUANTIZE', [other.tensor], [value.tensor]);
  values.set(key, value);
  return value;
}

export function valueKey(name: string, mode: Mode): string {
  return `${mode} ${name}`;
}

/** int8 parameters of an activation; behind absorbed activations those of the last one. Undefined when the spec has none. */
export function paramsOf(context: LoweringContext, name: string): CodeParams | undefined {
  const quantization = quantizationOf(context, absorbingOutput(name, context.spec, context.index));
  if (quantization === undefined) return undefined;
  const { qparams, scheme } = quantization;
  return { scale: qparams.scale[0] ?? 1, zeroPoint: int8ZeroPoints(qparams, scheme)[0] ?? 0 };
}

export function quantizationOf({ spec }: LoweringContext, name: string): TensorQuantization | undefined {
  return Object.hasOwn(spec.tensors, name) ? spec.tensors[name] : undefined;
}

/** A constant that the caller of the model cannot replace. */
export function constantOf({ index }: LoweringContext, name: string | undefined): Tensor | undefined {
  return name === undefined || name === '' ? undefined : index.initializer(name);
}

/**
 * Sizes of an ONNX value in its own order.
 *
 * @throws {NodeRefusal} when they are not known
 */
export function sizeOf(context: LoweringContext, node: Node, name: string): TensorSize {
  const dims = context.fixedTypes.get(name)?.dims;
  if (dims === undefined || !dims.every((d): d is number => typeof d === 'number')) {
    const received = dims === undefined ? 'an unknown shape' : `[${dims.map((d) => d ?? '?').join(',')}]`;
    throw refuse(node, `fixed sizes of "${name}" behind the batch`, received, 'Give the sizes of the inputs: --shape.');
  }
  const declared = context.types.get(name)?.dims ?? [];
  const open = dims.map((_, axis) => typeof declared[axis] !== 'number');
  return { shape: dims, signature: dims.map((d, axis) => (open[axis] ? -1 : d)) };
}

/** Adds a tensor of a size and gives it as a value. */
export function addTensor(
  { builder }: LoweringContext,
  name: string,
  size: TensorSize & { readonly order: readonly number[] },
  kind: { readonly type: TensorTypeName; readonly params: CodeParams | undefined },
): Value {
  const { shape, signature, order } = size;
  const { type, params } = kind;
  const isOpen = signature.some((d) => d < 0);
  const tensor = builder.tensor({
    name,
    type,
    shape,
    ...(isOpen ? { signature } : {}),
    ...(params === undefined
      ? {}
      : {
          quantization: {
            scale: Float32Array.of(params.scale),
            zeroPoint: Int32Array.of(params.zeroPoint),
            dimension: 0,
          },
        }),
  });
  return { tensor, type, params, shape, signature, order };
}

/** The value in another order of axes: a TRANSPOSE, or a RESHAPE where no byte has to move, or the value itself. */
export function arrange(context: LoweringContext, value: Value, target: readonly number[]): Value {
  if (isSameOrder(value.order, target)) return value;
  const { builder } = context;
  const from = target.map((axis) => value.order.indexOf(axis));
  const size = { shape: inOrder(value.shape, from), signature: inOrder(value.signature, from), order: target };
  const name = `${builder.tensorAt(value.tensor).name}_arranged`;
  const constant = builder.tensorAt(value.tensor).data;
  if (constant !== undefined) throw new RangeError('constants are stored in the order they are read in');
  const result = addTensor(context, name, size, value);
  if (isReshape(value, target)) emitReshape(context, value, result);
  else builder.operator('TRANSPOSE', [value.tensor, builder.int32s(from)], [result.tensor]);
  return result;
}

/** RESHAPE of one tensor into another of the same number of elements. */
export function emitReshape({ builder }: LoweringContext, from: Value, to: Value): void {
  const isOpen = to.signature.filter((d) => d < 0).length === 1;
  const shape = isOpen ? to.signature : to.shape;
  builder.operator('RESHAPE', [from.tensor, builder.int32s(shape)], [to.tensor], { newShape: shape });
}

/** The same codes at other parameters: QUANTIZE, or the value itself where they agree. */
export function requantized(context: LoweringContext, value: Value, params: CodeParams): Value {
  const { scale, zeroPoint } = value.params ?? {};
  if (scale === params.scale && zeroPoint === params.zeroPoint) return value;
  const name = `${context.builder.tensorAt(value.tensor).name}_requantized`;
  const result = addTensor(context, name, value, { type: 'INT8', params });
  context.builder.operator('QUANTIZE', [value.tensor], [result.tensor]);
  return result;
}

/** Brings both operands of a broadcasting operator to one rank: axes of length 1 in front, in the order of ONNX. */
export function withRank(context: LoweringContext, value: Value, rank: number): Value {
  const missing = rank - value.shape.length;
  if (missing <= 0) return value;
  const plain = arrange(context, value, onnxOrder(value.shape.length));
  const ones = new Array<number>(missing).fill(1);
  const size = { shape: [...ones, ...plain.shape], signature: [...ones, ...plain.signature], order: onnxOrder(rank) };
  const result = addTensor(context, `${context.builder.tensorAt(value.tensor).name}_expanded`, size, value);
  emitReshape(context, plain, result);
  return result;
}

/**
 * A constant as an operand, its axes in a given order and with axes of length 1 in front up to a rank; int8 codes need
 * parameters of the spec.
 */
export function constantValue(
  context: LoweringContext,
  name: string,
  mode: Mode,
  layout: { readonly order?: readonly number[]; readonly rank?: number } = {},
): Value | undefined {
  const tensor = constantOf(context, name);
  if (tensor === undefined) return undefined;
  const dims = dimsOf(tensor);
  const rank = Math.max(layout.rank ?? layout.order?.length ?? 0, dims.length);
  const full = [...new Array<number>(rank - dims.length).fill(1), ...dims];
  const order = layout.order ?? onnxOrder(rank);
  const shape = inOrder(full, order);
  const size = { shape, signature: shape, order };
  if (mode === 'int8' && tensor.dataType === DataType.FLOAT) {
    const quantization = quantizationOf(context, name);
    if (quantization === undefined) return undefined;
    const { scheme, qparams } = quantization;
    const scale = qparams.scale;
    const params = { scale: scale[0] ?? 1, zeroPoint: int8ZeroPoints(qparams, scheme)[0] ?? 0 };
    if (scale.length > 1) return undefined;
    const data = (): Uint8Array => bytesOf(permuteArray(int8Codes(tensor, quantization), full, order));
    return constantTensor(context, name, 'INT8', size, params, data);
  }
  const plain = plainConstant(tensor);
  if (plain === undefined) return undefined;
  const data = (): Uint8Array => bytesOf(permuteArray(plain.array(), full, order));
  return constantTensor(context, name, plain.type, size, undefined, data);
}

// — internals —

function constantTensor(
  { builder, values }: LoweringContext,
  name: string,
  type: TensorTypeName,
  size: TensorSize & { readonly order: readonly number[] },
  params: CodeParams | undefined,
  data: () => Uint8Array,
): Value {
  const key = `constant ${type} ${size.order.join()} ${name}`;
  const known = values.get(key);
  if (known !== undefined) return known;
  const quantization =
    params === undefined
      ? {}
      : {
          quantization: {
            scale: Float32Array.of(params.scale),
            zeroPoint: Int32Array.of(params.zeroPoint),
            dimension: 0,
          },
        };
  const tensor = builder.tensor({ name, type, shape: size.shape, data, ...quantization });
  const value = { tensor, type, params, ...size };
  values.set(key, value);
  return value;
}
