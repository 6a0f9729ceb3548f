import type { Node } from '@bitwright/onnx';
import { tensorToFloat32 } from '@bitwright/onnx';
import { kindOf } from '../../spec-layers';
import type { FusedActivation } from '../schema/operators';
import { addTensor, constantOf, type LoweringContext } from './context';
import { refuse } from './refusal';
import type { CodeParams, Value } from './value';

/** Real bounds that a result is clamped to. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export const unbounded: Bounds = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

/** The Relu and Clip nodes that disappear into the producer of a value: their common bounds, and the last one's output. */
export function absorbedClamp(
  context: LoweringContext,
  name: string,
): { readonly bounds: Bounds; readonly output: string } {
  const reader = context.index.consumers(name)[0]?.node;
  if (reader === undefined || kindOf(reader, context.spec) !== 'absorbed' || reader.input[0] !== name) {
    return { bounds: unbounded, output: name };
  }
  const own = clampBounds(context, reader);
  const next = absorbedClamp(context, reader.output[0] ?? '');
  const bounds = { min: Math.max(own.min, next.bounds.min), max: Math.min(own.max, next.bounds.max) };
  return { bounds, output: next.output };
}

/**
 * Bounds of a Relu or Clip node.
 *
 * @throws {NodeRefusal} when they are not constants
 */
export function clampBounds(context: LoweringContext, node: Node): Bounds {
  if (node.opType === 'Relu') return { min: 0, max: Number.POSITIVE_INFINITY };
  const bound = (input: number, otherwise: number): number => {
    const name = node.input[input] ?? '';
    if (name === '') return otherwise;
    const tensor = constantOf(context, name);
    if (tensor === undefined) throw refuse(node, 'constant bounds', `"${name}"`);
    return tensorToFloat32(tensor)[0] ?? otherwise;
  };
  return { min: bound(1, unbounded.min), max: bound(2, unbounded.max) };
}

/** Bounds that are left when int8 codes saturate to [−128, 127]: those the codes keep by themselves are taken away. */
export function withoutRedundant({ min, max }: Bounds, { scale, zeroPoint }: CodeParams): Bounds {
  // A thousandth of a step cannot change a code: it only forgives the rounding of the scale to float32.
  const slack = scale / 1024;
  const lowest = scale * (-128 - zeroPoint);
  const highest = scale * (127 - zeroPoint);
  return {
    min: lowest >= min - slack ? unbounded.min : min,
    max: highest <= max + slack ? unbounded.max : max,
  };
}

/** The activation an operator can apply to its own result, where there is one for the bounds. */
export function fusedActivationOf({ min, max }: Bounds): FusedActivation | undefined {
  if (min === unbounded.min && max === unbounded.max) return 'NONE';
  if (min === 0 && max === unbounded.max) return 'RELU';
  if (min === 0 && max === 6) return 'RELU6';
  if (min === -1 && max === 1) return 'RELU_N1_TO_1';
  return undefined;
}

/** A clamp as operators of its own, in a new tensor; the value itself where the bounds are none. */
export function emitClamp(context: LoweringContext, value: Value, bounds: Bounds, name: string): Value {
  if (fusedActivationOf(bounds) === 'NONE') return value;
  const result = addTensor(context, name, value, value);
  emitClampInto(context, value, bounds, result);
  return result;
}

/** A clamp into a tensor of the same parameters: one activation where there is one, else MAXIMUM and MINIMUM with constants. */
export function emitClampInto(context: LoweringContext, value: Value, bounds: Bounds, result: Value): void {
  const { builder } = context;
  const activation = fusedActivationOf(bounds);
  if (activation !== undefined && activation !== 'NONE') {
    builder.operator(activation, [value.tensor], [result.tensor]);
    return;
  }
  const { min, max } = bounds;
  if (!Number.isFinite(max)) {
    builder.operator('MAXIMUM', [value.tensor, scalarLike(context, value, min)], [result.tensor]);
    return;
  }
  if (!Number.isFinite(min)) {
    builder.operator('MINIMUM', [value.tensor, scalarLike(context, value, max)], [result.tensor]);
    return;
  }
  const above = addTensor(context, `${builder.tensorAt(result.tensor).name}_above`, value, value);
  builder.operator('MAXIMUM', [value.tensor, scalarLike(context, value, min)], [above.tensor]);
  builder.operator('MINIMUM', [above.tensor, scalarLike(context, value, max)], [result.tensor]);
}

/** A real number as a constant of one element, in the codes of a value where that has codes. */
export function scalarLike({ builder }: LoweringContext, { type, params, shape }: Value, real: number): number {
  const ones = shape.map(() => 1);
  const name = `constant_${real}`;
  if (params === undefined) {
    return builder.tensor({
      name,
      type: 'FLOAT32',
      shape: ones,
      data: () => new Uint8Array(Float32Array.of(real).buffer),
    });
  }
  const code = Math.min(127, Math.max(-128, Math.round(real / params.scale) + params.zeroPoint));
  return builder.tensor({
    name,
    type,
    shape: ones,
    data: () => new Uint8Array(Int8Array.of(code).buffer),
    quantization: {
      scale: Float32Array.of(params.scale),
      zeroPoint: Int32Array.of(params.zeroPoint),
      dimension: 0,
    },
  });
}
