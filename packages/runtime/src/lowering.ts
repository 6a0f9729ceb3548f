import { type ClampActivation, type RequantizationMethod, UnsupportedOperatorError } from '@bitwright/core';
import type { PackedAttribute, PackedNode } from '@bitwright/export';
import type { Constant } from './constants';
import type { IntegerOperators } from './integer-operators';
import type { RunContext } from './run-context';
import type { ActivationCodes, Value } from './value';

/** What a step leaves behind. */
export interface StepOutput {
  readonly name: string;
  /** Its grid where the spec gives it one, with the codes narrowed to a clamp behind the node; undefined: real numbers. */
  readonly codes: ActivationCodes | undefined;
  /** A Relu or Clip that the node does on the way. */
  readonly clamp: ClampActivation;
}

/** One node on its way to a step. */
export interface LoweringContext {
  readonly node: PackedNode;
  readonly opset: number;
  readonly operators: IntegerOperators;
  /** How accumulators become codes. */
  readonly method: RequantizationMethod;
  /** The constant behind input i, if it is one. */
  constant(i: number): Constant | undefined;
  /** The grid on which input i arrives; undefined: as real numbers or on any grid. */
  inputCodes(i: number): ActivationCodes | undefined;
  readonly output: StepOutput;
}

/**
 * Runs a node. `inputs` by position, undefined for constants and for those left out. A result need not be on the grid of its output: who
 * runs the step brings it there.
 */
export type Step = (inputs: readonly (Value | undefined)[], run: RunContext) => readonly Value[];

/** How nodes of some operator types run. */
export interface OperatorLowering {
  readonly opTypes: readonly string[];
  /** @throws {UnsupportedOperatorError} for a form that does not run here */
  lower(context: LoweringContext): Step;
}

export function intOf(node: PackedNode, name: string, otherwise: number): number {
  const attribute = attributeOf(node, name);
  return attribute?.kind === 'int' ? attribute.value : otherwise;
}

export function floatOf(node: PackedNode, name: string, otherwise: number): number {
  const attribute = attributeOf(node, name);
  return attribute?.kind === 'float' ? attribute.value : otherwise;
}

export function textOf(node: PackedNode, name: string, otherwise: string): string {
  const attribute = attributeOf(node, name);
  return attribute?.kind === 'text' ? attribute.value : otherwise;
}

export function intsOf(node: PackedNode, name: string): readonly number[] | undefined {
  const attribute = attributeOf(node, name);
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

/** The whole numbers of input i, or of an attribute in older operator sets. */
export function indicesOf(context: LoweringContext, i: number, attribute: string): readonly number[] | undefined {
  const constant = context.constant(i);
  if (constant?.kind === 'index') return constant.data;
  if ((context.node.inputs[i] ?? '') !== '') {
    throw refusal(context.node, `a constant for "${attribute}"`, context.node.inputs[i] as string);
  }
  return intsOf(context.node, attribute);
}

/** The only value a step reads. */
export function only(inputs: readonly (Value | undefined)[], node: PackedNode, i = 0): Value {
  const value = inputs[i];
  if (value === undefined) throw refusal(node, `a computed tensor as input ${i}`, node.inputs[i] ?? 'none');
  return value;
}

/** Axis −1 is the last one. */
export function axisIn(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

export function refusal(node: PackedNode, expected: string, received: string): UnsupportedOperatorError {
  return new UnsupportedOperatorError({
    operation: `[runtime] ${node.operator} "${node.name}"`,
    expected,
    received,
    hint: 'Run the exported ONNX file in onnxruntime instead.',
  });
}

// — internals —

function attributeOf({ attributes }: PackedNode, name: string): PackedAttribute | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}
