import { ModelFormatError } from '@bitwright/core';
import {
  checkModel,
  convertOpset,
  type Model,
  opsetVersion,
  reduceMeanToGlobalAveragePool,
  simplify,
} from '@bitwright/onnx';

export interface PreparedModel {
  readonly model: Model;
  /** What was changed, for the report. */
  readonly changes: readonly string[];
}

const quantizedOperators = new Set([
  'QuantizeLinear',
  'DequantizeLinear',
  'QLinearConv',
  'QLinearMatMul',
  'ConvInteger',
  'MatMulInteger',
  'DynamicQuantizeLinear',
  'QLinearAdd',
  'QGemm',
  'MatMulNBits',
  'DynamicQuantizeMatMul',
  'GatherBlockQuantized',
]);

/**
 * A float model ready for quantization: valid, operator set 13 or newer, BatchNorm folded, constants folded, nodes named,
 * means over the image as GlobalAveragePool.
 *
 * @throws {ModelFormatError} when the model is invalid or quantized already
 * @throws {UnsupportedOperatorError} when it cannot be brought to operator set 13
 */
export function prepareModel(model: Model): PreparedModel {
  refuseQuantized(model);
  const errors = checkModel(model).filter((issue) => issue.severity === 'error');
  const first = errors[0];
  if (first !== undefined) {
    throw new ModelFormatError({
      operation: '[ptq] prepareModel',
      expected: 'a valid ONNX model',
      received: `${errors.length} error(s), first: ${first.message}`,
    });
  }
  const raised = opsetVersion(model) < 13 ? convertOpset.run(model, { target: 13 }) : { model, changes: [] };
  const simplified = simplify(raised.model);
  const pooled = reduceMeanToGlobalAveragePool.run(simplified.model);
  return { model: pooled.model, changes: [...raised.changes, ...simplified.changes, ...pooled.changes] };
}

function refuseQuantized(model: Model): void {
  const node = model.graph?.node.find(({ opType }) => quantizedOperators.has(opType));
  if (node === undefined) return;
  throw new ModelFormatError({
    operation: '[ptq] prepareModel',
    expected: 'a float model',
    received: `a model that is quantized already (${node.opType} node "${node.name || node.output[0]}")`,
    hint: 'Start from the float model it was made from.',
  });
}
