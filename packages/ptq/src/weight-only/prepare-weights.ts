import { ModelFormatError } from '@bitwright/core';
import {
  checkModel,
  constantToInitializer,
  convertOpset,
  deduplicateInitializers,
  eliminateDeadCode,
  type GraphPass,
  type Model,
  nameNodes,
  opsetVersion,
  removeInitializersFromInputs,
  walkGraphs,
} from '@bitwright/onnx';

/** Passes that make weights visible and move nothing else. */
const passes: readonly GraphPass[] = [
  removeInitializersFromInputs,
  constantToInitializer,
  deduplicateInitializers,
  eliminateDeadCode,
  nameNodes,
];

const quantizedOperators =
  /^(MatMulNBits|MatMulBnb4|GatherBlockQuantized|MatMulInteger|ConvInteger|DynamicQuantize.*|QLinear.*|QGemm|QuantizeLinear|DequantizeLinear)$/;

/** A float model with its weights as initializers, and what was changed. */
export interface PreparedWeights {
  readonly model: Model;
  readonly changes: readonly string[];
}

/**
 * Makes weights visible: no initializer among the inputs, constants as initializers, equal ones shared, nodes named, operator set
 * `opset` or newer. Nothing is folded: the graph stays the one the runtime optimizes.
 *
 * @throws {ModelFormatError} when the model is invalid or quantized already
 * @throws {UnsupportedOperatorError} when it cannot be brought to the operator set
 */
export function prepareWeights(model: Model, opset: number): PreparedWeights {
  const operation = '[ptq] quantizeWeights';
  for (const { graph } of model.graph === undefined ? [] : walkGraphs(model.graph)) {
    const node = graph.node.find(({ opType }) => quantizedOperators.test(opType));
    if (node === undefined) continue;
    throw new ModelFormatError({
      operation,
      expected: 'a float model',
      received: `a model that is quantized already (${node.opType} node "${node.name || node.output[0]}")`,
      hint: 'Start from the float model it was made from.',
    });
  }
  const errors = checkModel(model).filter((issue) => issue.severity === 'error');
  if (errors[0] !== undefined) {
    throw new ModelFormatError({
      operation,
      expected: 'a valid ONNX model',
      received: `${errors.length} error(s), first: ${errors[0].message}`,
    });
  }
  const raised = opsetVersion(model) < opset ? convertOpset.run(model, { target: opset }) : { model, changes: [] };
  const changes: string[] = [...raised.changes];
  let current = raised.model;
  for (const pass of passes) {
    const result = pass.run(current);
    current = result.model;
    changes.push(...result.changes.map((change) => `${pass.name}: ${change}`));
  }
  return { model: current, changes };
}
