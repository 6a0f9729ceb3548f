export {
  clearField,
  clone as cloneMessage,
  create as createMessage,
  equals as messagesEqual,
  isFieldSet,
} from '@bufbuild/protobuf';
// Graph
export { type BodyGraph, bodyGraphs, type GraphVisit, nodeLabel, walkGraphs } from './graph/body-graphs';
export { copyModel } from './graph/copy-structure';
export { editGraph } from './graph/edit-graph';
export type { GraphEditor, ReplaceUsesOptions } from './graph/editor-types';
export { type GraphIndex, graphIndex, type ValueUse } from './graph/graph-index';
export { topologicalOrder } from './graph/topological-order';
export {
  type AxisSize,
  createGraph,
  createModel,
  createNode,
  createTensorType,
  createValueInfo,
  type GraphOptions,
  type ModelOptions,
  type NodeOptions,
} from './message/create';
export {
  AttributeSchema,
  DimensionSchema,
  GraphSchema,
  ModelFunctionSchema,
  ModelSchema,
  NodeSchema,
  OperatorSetIdSchema,
  SparseTensorSchema,
  StringEntrySchema,
  TensorAnnotationSchema,
  TensorSchema,
  TensorShapeSchema,
  TrainingInfoSchema,
  ValueInfoSchema,
  ValueTypeSchema,
} from './message/schemas';
export type {
  Attribute,
  Dimension,
  Graph,
  Model,
  ModelFunction,
  Node,
  OperatorSetId,
  SparseTensor,
  StringEntry,
  Tensor,
  TensorAnnotation,
  TensorShape,
  TrainingInfo,
  ValueInfo,
  ValueType,
} from './message/types';
