export {
  clearField,
  clone as cloneMessage,
  create as createMessage,
  equals as messagesEqual,
  isFieldSet,
} from '@bufbuild/protobuf';
export { AttributeType, attributeTypeName } from './attribute/attribute-type';
export {
  floatAttribute,
  floatsAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  stringsAttribute,
  tensorAttribute,
} from './attribute/build-attribute';
export {
  findAttribute,
  getFloat,
  getFloats,
  getGraph,
  getInt,
  getInts,
  getString,
  getStrings,
  getTensor,
} from './attribute/read-attribute';
// Checks and costs
export { assertValidModel, checkModel } from './check/check-model';
export type { CheckFinding, CheckOptions, CheckProfile, ExternalFiles } from './check/finding';
export { type DecodeOptions, decodeModel, maxModelBytes } from './codec/decode-model';
export { encodeModel } from './codec/encode-model';
export { type ExternalSlice, externalSlice } from './external/external-slice';
export { inlineExternalData } from './external/inline-tensor';
export { mapInitializers, type TensorMap } from './external/map-initializers';
export { type TensorPlace, type TensorVisit, walkTensors } from './external/walk-tensors';
// Graph
export { type BodyGraph, bodyGraphs, type GraphVisit, nodeLabel, walkGraphs } from './graph/body-graphs';
export { copyModel } from './graph/copy-structure';
export { editGraph } from './graph/edit-graph';
export type { GraphEditor, ReplaceUsesOptions } from './graph/editor-types';
export { type GraphIndex, graphIndex, type ValueUse } from './graph/graph-index';
export { opsetVersion } from './graph/opset-version';
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
// Passes
export { constantToInitializer } from './passes/constant-to-initializer';
export { type ConvertOpsetOptions, convertOpset } from './passes/convert-opset';
export { deduplicateInitializers } from './passes/deduplicate-initializers';
export { eliminateDeadCode } from './passes/eliminate-dead-code';
export { foldBatchNorm } from './passes/fold-batch-norm';
export { type FoldConstantsOptions, foldConstants } from './passes/fold-constants';
export { foldPad } from './passes/fold-pad';
export type { GraphPass, PassOptions, PassResult } from './passes/graph-pass';
export { nameNodes } from './passes/name-nodes';
export { reduceMeanToGlobalAveragePool } from './passes/reduce-mean-to-global-average-pool';
export { removeIdentity } from './passes/remove-identity';
export { removeInitializersFromInputs } from './passes/remove-initializers-from-inputs';
export { removeNoOps } from './passes/remove-no-ops';
export { simplify, simplifyPasses } from './passes/simplify';
export { countMacs, type MacCount, type NodeMacs } from './shape/count-macs';
// Shapes
export { type Dim, formatDims, staticDims } from './shape/dim';
export { type InferShapesOptions, type InputShapes, inferShapes } from './shape/infer-shapes';
export type { TensorShape as InferredShape } from './shape/infer-types';
export {
  type ActivationMemory,
  type MemoryStep,
  type PeakActivationMemoryOptions,
  peakActivationMemory,
} from './shape/peak-activation-memory';
export { bfloat16ToFloat32, float32ToBfloat16 } from './tensor/bfloat16';
export {
  DataType,
  type DataTypeInfo,
  dataTypeInfo,
  dataTypeName,
  dataTypes,
  type ElementKind,
  findDataType,
  type TypedField,
} from './tensor/data-type';
export { float16ToFloat32, float32ToFloat16 } from './tensor/float16';
export {
  decodeE8M0,
  decodeMiniFloat,
  encodeE8M0,
  encodeMiniFloat,
  float4e2m1,
  float8e4m3fn,
  float8e4m3fnuz,
  float8e5m2,
  float8e5m2fnuz,
  type MiniFloat,
} from './tensor/minifloat';
export { type PackedWidth, packBits, packedByteLength, unpackBits } from './tensor/packed-bits';
export type { TensorArray } from './tensor/tensor-array';
export { tensorFromArray, tensorFromFloat32, tensorFromStrings } from './tensor/tensor-from-array';
export {
  DataLocation,
  type ExternalDataReader,
  isExternal,
  type TensorPayload,
  tensorPayload,
} from './tensor/tensor-payload';
export { describeTensor, tensorByteLength, tensorElementCount, tensorShape } from './tensor/tensor-size';
export { tensorToArray, tensorToBytes, tensorToStrings } from './tensor/tensor-to-array';
export { tensorToFloat32 } from './tensor/tensor-to-float32';
