import { getFloat, getInt, type Node, type Tensor } from '@bitwright/onnx';
import { dimsOf } from './constant-data';
import { arrange, constantOf, type LoweringContext, type Mode, paramsOf, readValue, sizeOf } from './context';
import { layerConstants } from './layer-constants';
import type { OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { onnxOrder } from './value';
import { writeResult } from './write-result';

/** Gemm with a constant B: FULLY_CONNECTED with weights [N, K]. */
export const gemmLowering: OperatorLowering = {
  opTypes: ['Gemm'],
  lower(node, mode, context) {
    const weight = constantOf(context, node.input[1]);
    if (weight === undefined) throw refuse(node, 'a constant weight', `"${node.input[1]}"`);
    if (getInt(node, 'transA', 0) !== 0) throw refuse(node, 'A as it is', 'transA 1');
    const factors = [getFloat(node, 'alpha', 1), getFloat(node, 'beta', 1)];
    if (factors.some((factor) => factor !== 1)) throw refuse(node, 'alpha 1 and beta 1', factors.join(' and '));
    const columnAxis = getInt(node, 'transB', 0) !== 0 ? 0 : 1;
    fullyConnected(context, node, mode, weight, columnAxis);
  },
};

/** MatMul: FULLY_CONNECTED with a constant B of two axes, else BATCH_MATMUL. */
export const matMulLowering: OperatorLowering = {
  opTypes: ['MatMul'],
  whyReal(node, context) {
    const isProduct = constantOf(context, node.input[1]) === undefined;
    if (!isProduct || paramsOf(context, node.input[1] ?? '')?.zeroPoint === 0) return undefined;
    // Measured with TensorFlow 2.21: the builtin kernel is right, XNNPACK's result is off by that zero point.
    return 'XNNPACK ignores the zero point of the second operand';
  },
  lower(node, mode, context) {
    const weight = constantOf(context, node.input[1]);
    if (weight !== undefined && weight.dims.length === 2) {
      fullyConnected(context, node, mode, weight, 1);
      return;
    }
    const [a, b] = [0, 1].map((input) => {
      const value = readValue(context, node, input, mode);
      return arrange(context, value, onnxOrder(value.shape.length));
    });
    if (a === undefined || b === undefined || a.shape.length < 2 || b.shape.length < 2) {
      throw refuse(node, 'operands of at least two axes', 'a vector');
    }
    const size = sizeOf(context, node, node.output[0] ?? '');
    const order = onnxOrder(size.shape.length);
    writeResult(context, node, mode, { ...size, order }, (result) => {
      context.builder.operator('BATCH_MATMUL', [a.tensor, b.tensor], [result.tensor]);
    });
  },
};

// — internals —

function fullyConnected(context: LoweringContext, node: Node, mode: Mode, weight: Tensor, columnAxis: number): void {
  const plain = readValue(context, node, 0, mode);
  const input = arrange(context, plain, onnxOrder(plain.shape.length));
  const outputs = dimsOf(weight)[columnAxis] ?? 0;
  const layout = { order: [columnAxis, 1 - columnAxis], quantizedDimension: 0, outputs, axis: columnAxis };
  const constants = layerConstants(context, node, mode, weight, plain, layout);
  const size = sizeOf(context, node, node.output[0] ?? '');
  const order = onnxOrder(size.shape.length);
  const keepNumDims = size.shape.length > 2;
  writeResult(
    context,
    node,
    mode,
    { ...size, order },
    (result, activation) => {
      context.builder.operator('FULLY_CONNECTED', [input.tensor, ...constants], [result.tensor], {
        keepNumDims,
        activation,
      });
    },
    { canFuse: true },
  );
}
