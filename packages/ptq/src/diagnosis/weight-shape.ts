import { getInt, type Tensor } from '@bitwright/onnx';
import { integerWeights, isWeighted } from './operator-types';
import type { Flow, FlowOperator } from './quantity';

/** Shape of the weight of an operator as text for comparison, whatever format it is in; undefined when it has none. */
export function weightShape(operator: FlowOperator, flow: Flow): string | undefined {
  const { node } = operator;
  if (!isWeighted(operator.kind)) return undefined;
  if (node.opType === 'MatMulNBits' || node.opType === 'MatMulBnb4') {
    return sorted([getInt(node, 'K', 0), getInt(node, 'N', 0)]).join('x');
  }
  const positions = integerWeights.get(node.opType);
  const names = positions === undefined ? node.input : [node.input[positions.codes] ?? ''];
  const shapes = names.flatMap((name) => {
    const dims = storedTensor(name, flow)?.dims.map(Number);
    return dims !== undefined && dims.length >= 2 ? [dims] : [];
  });
  const [dims] = shapes;
  if (dims === undefined || shapes.length > 1) return undefined;
  // A matrix may be stored as [K, N] or [N, K]: the order of its sides says nothing.
  return (operator.kind === 'MatMul' && dims.length === 2 ? sorted(dims) : dims).join('x');
}

/** The initializer behind a constant value: itself, or what a DequantizeLinear or Reshape of constants reads. */
export function storedTensor(name: string, flow: Flow): Tensor | undefined {
  const found = flow.initializer(name);
  if (found !== undefined) return found;
  const node = flow.constantProducer(name);
  const isView = node?.opType === 'DequantizeLinear' || node?.opType === 'Reshape';
  return isView ? flow.initializer(node.input[0] ?? '') : undefined;
}

function sorted(dims: readonly number[]): readonly number[] {
  return [...dims].sort((a, b) => a - b);
}
