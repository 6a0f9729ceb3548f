import { getInt, type Node } from '@bitwright/onnx';

/** Axis of the output channels of a node's weight: Conv [O, …] 0, ConvTranspose [I, O/g, …] 1, Gemm by transB, MatMul [K, N] 1. */
export function outputAxis(node: Node): number {
  switch (node.opType) {
    case 'Conv':
      return 0;
    case 'Gemm':
      return getInt(node, 'transB', 0) !== 0 ? 0 : 1;
    case 'ConvTranspose':
    case 'MatMul':
      return 1;
    default:
      return 0;
  }
}
