import { type ModelProto, type TensorProto, TensorProtoSchema } from '../generated/onnx_pb';
import { copyFields } from '../message/copy-fields';
import { type ExternalDataReader, isExternal } from '../tensor/tensor-payload';
import { tensorToBytes } from '../tensor/tensor-to-array';
import { mapInitializers } from './map-initializers';

/** Names of the fields that say what the elements are or where they lie. */
const payloadFields: ReadonlySet<string> = new Set([
  'floatData',
  'int32Data',
  'stringData',
  'int64Data',
  'rawData',
  'doubleData',
  'uint64Data',
  'externalData',
  'dataLocation',
]);

/** Copy of a tensor without its elements: name, dims, data type, documentation. */
export function withoutPayload(tensor: TensorProto): TensorProto {
  return copyFields(TensorProtoSchema, tensor, (field) => !payloadFields.has(field.localName));
}

/** Copy of a tensor that holds its elements as raw_data. */
export function inlineTensor(tensor: TensorProto, readExternal?: ExternalDataReader): TensorProto {
  const copy = withoutPayload(tensor);
  copy.rawData = tensorToBytes(tensor, readExternal) as Uint8Array<ArrayBuffer>;
  return copy;
}

/**
 * Model whose external initializers are pulled into memory; everything else is shared with the input.
 *
 * @param readExternal - `externalData.read` of the model file
 * @throws {ModelFormatError} when bytes are missing or do not match their tensor
 */
export function inlineExternalData(model: ModelProto, readExternal: ExternalDataReader): ModelProto {
  return mapInitializers(model, (tensor) => (isExternal(tensor) ? inlineTensor(tensor, readExternal) : tensor));
}
