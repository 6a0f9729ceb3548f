import { UnsupportedOperatorError } from '@bitwright/core';
import { type GraphIndex, type Node, type Tensor, tensorToArray, tensorToFloat32 } from '@bitwright/onnx';
import { plainLayout, type Shape, sameLayout } from '../tfjs-to-onnx/value';
import type { KerasValue } from './keras-value';
import type { LayerWriter } from './layer-writer';

/** One node: what a converter sees. */
export interface NodeCall {
  readonly node: Node;
  readonly writer: LayerWriter;
  readonly index: GraphIndex;
  readonly opset: number;
  /** Values of the inputs; undefined for constants and inputs left out. */
  readonly inputs: readonly (KerasValue | undefined)[];
  /** Sizes of a tensor's axes; the batch is open. It is the first axis, but the second of sequences with time first. */
  shapeOf(name: string, batchAxis?: number): Shape;
  /** Takes the result of a later node over, which is then not converted itself. */
  provide(output: string, value: KerasValue): void;
}

/** How one family of operators becomes layers. */
export interface NodeConverter {
  readonly opTypes: readonly string[];
  /**
   * Writes the layers; returns the value of the node's first output.
   *
   * @throws {UnsupportedOperatorError} naming the node, for what TensorFlow.js has no layer for
   */
  convert(call: NodeCall): KerasValue;
}

/** The data input at a position. */
export function dataInput(call: NodeCall, position: number): KerasValue {
  const value = call.inputs[position];
  if (value === undefined) throw unsupported(call, `a computed input ${position}`, 'a constant or nothing');
  return value;
}

/** The constant at an input position; undefined when it is computed or left out. */
export function constantInput(call: NodeCall, position: number): Tensor | undefined {
  const name = call.node.input[position] ?? '';
  return name === '' ? undefined : call.index.initializer(name);
}

/** A constant that must be there, as float32 with its shape. */
export function weightInput(call: NodeCall, position: number, what: string): { shape: number[]; data: Float32Array } {
  const tensor = constantInput(call, position);
  if (tensor === undefined) throw unsupported(call, `a constant ${what}`, 'a computed one');
  return { shape: tensor.dims.map(Number), data: tensorToFloat32(tensor) };
}

/** Whole numbers of a constant input; undefined when it is left out. */
export function integersInput(call: NodeCall, position: number, what: string): number[] | undefined {
  if ((call.node.input[position] ?? '') === '') return undefined;
  const tensor = constantInput(call, position);
  if (tensor === undefined) throw unsupported(call, `constant ${what}`, 'computed ones');
  return Array.from(tensorToArray(tensor) as ArrayLike<number | bigint>, Number);
}

/** The first number of a constant input, or the fallback where it is left out. */
export function numberInput(call: NodeCall, position: number, fallback: number): number {
  if ((call.node.input[position] ?? '') === '') return fallback;
  const { data } = weightInput(call, position, `input ${position}`);
  return data[0] ?? fallback;
}

/** The value with the batch axis first and the others in another order; a Permute layer only where they differ. */
export function arranged(call: NodeCall, input: KerasValue, layout: readonly number[]): KerasValue {
  const value = materialized(call, input);
  if (sameLayout(value.layout, layout)) return value;
  if (value.layout[0] !== 0 || layout[0] !== 0)
    throw unsupported(call, 'a batch axis that stays first', 'one that moves');
  // Axis i of the result is axis dims[i − 1] of the layer's output, counted from 1 without the batch.
  const dims = layout.slice(1).map((axis) => value.layout.indexOf(axis));
  return { layer: call.writer.add('Permute', [value.layer], { config: { dims } }), shape: value.shape, layout };
}

/** The value exactly as ONNX has it. */
export function plain(call: NodeCall, input: KerasValue): KerasValue {
  if (input.featureOrder !== undefined)
    throw unsupported(call, 'features in their own order', 'a flattened image that only a Gemm can read');
  return arranged(call, input, plainLayout(input.shape.length));
}

/** A pooled value with its four axes written out. */
export function materialized(call: NodeCall, value: KerasValue): KerasValue {
  if (value.pooled === undefined) return value;
  const sizes = value.layout.slice(1).map((axis) => value.shape[axis] ?? 1);
  const layer = call.writer.add('Reshape', [value.pooled], { config: { target_shape: sizes } });
  const { pooled: _pooled, ...rest } = value;
  return { ...rest, layer };
}

/** A size that must be known. */
export function sizeOf(call: NodeCall, size: number | null | undefined, what: string): number {
  if (typeof size === 'number') return size;
  throw unsupported(call, `a known ${what}`, 'an open one', 'Give the input shapes of the model.');
}

/** What TensorFlow.js has no layer for, by the name of its node. */
export function unsupported(
  call: Pick<NodeCall, 'node'>,
  expected: string,
  received: string,
  hint?: string,
): UnsupportedOperatorError {
  const { node } = call;
  return new UnsupportedOperatorError({
    operation: `[export] onnxToLayersModel ${node.opType} node "${node.name}"`,
    expected,
    received,
    hint,
  });
}
