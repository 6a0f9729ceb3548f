/**
 * The messages of the ONNX format under short names.
 *
 * Singular fields read as their default (`''`, `0`, `0n`, empty bytes) when the file does not contain them;
 * `isFieldSet` and `clearField` of this package tell and undo presence. int64 fields are bigint.
 */
export type {
  AttributeProto as Attribute,
  FunctionProto as ModelFunction,
  GraphProto as Graph,
  ModelProto as Model,
  NodeProto as Node,
  OperatorSetIdProto as OperatorSetId,
  SparseTensorProto as SparseTensor,
  StringStringEntryProto as StringEntry,
  TensorAnnotation,
  TensorProto as Tensor,
  TensorShapeProto as TensorShape,
  TensorShapeProto_Dimension as Dimension,
  TrainingInfoProto as TrainingInfo,
  TypeProto as ValueType,
  ValueInfoProto as ValueInfo,
} from '../generated/onnx_pb';
