import { getInt, getInts, type Node, tensorToArray } from '@bitwright/onnx';
import type { OperatorName } from '../schema/operators';
import { arrange, constantOf, type LoweringContext, readValue, sizeOf } from './context';
import { noInt8Kernel, type OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { inOrder, onnxOrder, tensorAxis } from './value';
import { writeResult } from './write-result';

const kinds: Readonly<Record<string, OperatorName>> = {
  ReduceMean: 'MEAN',
  ReduceSum: 'SUM',
  ReduceMax: 'REDUCE_MAX',
  ReduceMin: 'REDUCE_MIN',
};

/** ReduceMean, ReduceSum, ReduceMax, ReduceMin over constant axes. */
export const reductionLowering: OperatorLowering = {
  opTypes: Object.keys(kinds),
  whyReal: (node) => (node.opType === 'ReduceSum' ? noInt8Kernel() : undefined),
  lower(node, mode, context) {
    const kind = kinds[node.opType] as OperatorName;
    const plain = readValue(context, node, 0, mode);
    const keepDims = getInt(node, 'keepdims', 1) !== 0;
    const input = keepDims ? plain : arrange(context, plain, onnxOrder(plain.shape.length));
    const axes = axesOf(context, node, plain.shape.length).map((axis) => tensorAxis(input, axis));
    const size = sizeOf(context, node, node.output[0] ?? '');
    const order = keepDims ? input.order : onnxOrder(size.shape.length);
    const result = { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
    writeResult(
      context,
      node,
      mode,
      result,
      (value) => {
        const operands = [input.tensor, context.builder.int32s([...axes].sort((a, b) => a - b))];
        context.builder.operator(kind, operands, [value.tensor], { keepDims });
      },
      kind === 'MEAN' ? {} : { params: plain.params },
    );
  },
};

/** Axes from the attribute (older operator sets) or the second input; none means all. */
export function axesOf(context: LoweringContext, node: Node, rank: number): readonly number[] {
  const attribute = getInts(node, 'axes');
  const name = node.input[1] ?? '';
  if (attribute === undefined && name !== '') {
    const tensor = constantOf(context, name);
    if (tensor === undefined) throw refuse(node, 'constant axes', `"${name}"`);
    return Array.from(tensorToArray(tensor) as ArrayLike<number | bigint>, Number).map((a) => (a < 0 ? a + rank : a));
  }
  return (attribute ?? onnxOrder(rank)).map((a) => (a < 0 ? a + rank : a));
}
