import type { Node } from '@bitwright/onnx';
import { type OperatorName, operatorSchemas } from '../schema/operators';
import { dimsOf } from './constant-data';
import {
  arrange,
  constantOf,
  constantValue,
  type LoweringContext,
  type Mode,
  readValue,
  sizeOf,
  valueNamed,
  withRank,
} from './context';
import { noInt8Kernel, type OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { inOrder, onnxOrder, type Value } from './value';
import { writeResult } from './write-result';

const kinds: Readonly<Record<string, OperatorName>> = {
  Add: 'ADD',
  Sub: 'SUB',
  Mul: 'MUL',
  Div: 'DIV',
  Pow: 'POW',
  Min: 'MINIMUM',
  Max: 'MAXIMUM',
};

/** Operators whose int8 kernels take operands of different scales; MINIMUM and MAXIMUM need one, so they stay real. */
const int8Operators = new Set(['Add', 'Sub', 'Mul']);

/** Operators of two operands that broadcast. */
export const elementwiseLowering: OperatorLowering = {
  opTypes: Object.keys(kinds),
  whyReal: (node) => (int8Operators.has(node.opType) ? undefined : noInt8Kernel()),
  lower(node, mode, context) {
    const kind = kinds[node.opType] as OperatorName;
    if (node.input.length !== 2) throw refuse(node, 'two operands', String(node.input.length));
    const [a, b] = broadcastOperands(context, node, [0, 1], mode) as [Value, Value];
    const size = sizeOf(context, node, node.output[0] ?? '');
    const { order } = a;
    const result = { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
    const canFuse = 'activation' in operatorSchemas[kind].fields;
    writeResult(
      context,
      node,
      mode,
      result,
      (value, activation) => {
        context.builder.operator(kind, [a.tensor, b.tensor], [value.tensor], canFuse ? { activation } : {});
      },
      { canFuse },
    );
  },
};

/** Where(condition, x, y): SELECT_V2, on real numbers. */
export const whereLowering: OperatorLowering = {
  opTypes: ['Where'],
  whyReal: noInt8Kernel,
  lower(node, mode, context) {
    const operands = broadcastOperands(context, node, [1, 2, 0], mode);
    const [x, y, condition] = operands as [Value, Value, Value];
    const size = sizeOf(context, node, node.output[0] ?? '');
    const { order } = x;
    const result = { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
    writeResult(context, node, mode, result, (value) => {
      context.builder.operator('SELECT_V2', [condition.tensor, x.tensor, y.tensor], [value.tensor]);
    });
  },
};

/** Operands in one order of axes and of one rank; constants are stored that way. */
export function broadcastOperands(
  context: LoweringContext,
  node: Node,
  inputs: readonly number[],
  mode: Mode,
): readonly Value[] {
  const names = inputs.map((input) => node.input[input] ?? '');
  const values = names.map((name) =>
    constantOf(context, name) === undefined ? valueNamed(context, name, mode) : undefined,
  );
  const ranks = names.map((name, i) => {
    const tensor = constantOf(context, name);
    return tensor === undefined ? (values[i]?.shape.length ?? 0) : dimsOf(tensor).length;
  });
  const rank = Math.max(...ranks);
  const leader = values.find((value) => value !== undefined && value.shape.length === rank);
  const order = leader?.order ?? onnxOrder(rank);
  return names.map((name, i) => {
    const value = values[i];
    if (value !== undefined) return arrange(context, withRank(context, value, rank), order);
    return constantValue(context, name, mode, { order, rank }) ?? readValue(context, node, inputs[i] as number, mode);
  });
}
