/** Descriptors for `create`, `clone`, `equals`, `isFieldSet` and `clearField` of @bufbuild/protobuf. */
export {
  AttributeProtoSchema as AttributeSchema,
  FunctionProtoSchema as ModelFunctionSchema,
  GraphProtoSchema as GraphSchema,
  ModelProtoSchema as ModelSchema,
  NodeProtoSchema as NodeSchema,
  OperatorSetIdProtoSchema as OperatorSetIdSchema,
  SparseTensorProtoSchema as SparseTensorSchema,
  StringStringEntryProtoSchema as StringEntrySchema,
  TensorAnnotationSchema,
  TensorProtoSchema as TensorSchema,
  TensorShapeProto_DimensionSchema as DimensionSchema,
  TensorShapeProtoSchema as TensorShapeSchema,
  TrainingInfoProtoSchema as TrainingInfoSchema,
  TypeProtoSchema as ValueTypeSchema,
  ValueInfoProtoSchema as ValueInfoSchema,
} from '../generated/onnx_pb';
