import { type GraphIndex, getInt, getInts, type Node } from '@bitwright/onnx';

/** 3×3, stride 1, no dilation, no groups: the convolutions that Winograd kernels compute. */
export function isWinograd(node: Node, index: Pick<GraphIndex, 'initializer'>): boolean {
  const [, , height, width] = index.initializer(node.input[1] ?? '')?.dims.map(Number) ?? [];
  const isOne = (name: string): boolean => getInts(node, name, [1, 1]).every((v) => v === 1);
  return (
    node.opType === 'Conv' &&
    height === 3 &&
    width === 3 &&
    isOne('strides') &&
    isOne('dilations') &&
    getInt(node, 'group', 1) === 1
  );
}
