import { QuantError } from '@bitwright/core';
import { externalSlice } from '../../external/external-slice';
import { type TensorVisit, walkTensors } from '../../external/walk-tensors';
import type { Tensor } from '../../message/types';
import { DataType, dataTypeName, findDataType } from '../../tensor/data-type';
import { isExternal, tensorPayload } from '../../tensor/tensor-payload';
import { describeTensor, tensorByteLength, tensorElementCount } from '../../tensor/tensor-size';
import { tensorToArray, tensorToStrings } from '../../tensor/tensor-to-array';
import type { CheckContext } from '../finding';

/** Lowest IR version that may carry a data type; types not listed are in every version. */
const irVersionForDataType: ReadonlyMap<number, number> = new Map<number, number>([
  [DataType.BFLOAT16, 4],
  [DataType.FLOAT8E4M3FN, 9],
  [DataType.FLOAT8E4M3FNUZ, 9],
  [DataType.FLOAT8E5M2, 9],
  [DataType.FLOAT8E5M2FNUZ, 9],
  [DataType.UINT4, 10],
  [DataType.INT4, 10],
  [DataType.FLOAT4E2M1, 11],
  [DataType.FLOAT8E8M0, 12],
  [DataType.UINT2, 13],
  [DataType.INT2, 13],
]);

/** Dims, data type and payload agree exactly; throws what is wrong. */
const requirePayload = (tensor: Tensor): void => {
  tensorElementCount(tensor);
  const payload = tensorPayload(tensor);
  if (payload === 'external') return;
  if (findDataType(tensor.dataType)?.kind === 'string') {
    tensorToStrings(tensor);
    return;
  }
  if (payload !== 'raw') {
    tensorToArray(tensor);
    return;
  }
  const expected = tensorByteLength(tensor);
  // tensorToArray reports the mismatch; exact raw data need no look at their elements.
  if (tensor.rawData.byteLength !== expected) tensorToArray(tensor);
};

const checkExternal = ({ tensor, place }: TensorVisit, { options, report }: CheckContext): void => {
  const at = { tensor: tensor.name };
  if (place !== 'initializer') {
    report.error(
      'external-data',
      `expected ${describeTensor(tensor)} (${place}) inside the model, received external data`,
      at,
    );
    return;
  }
  const slice = externalSlice(tensor);
  if (slice.unknownKeys.length > 0) {
    const keys = slice.unknownKeys.map((key) => `"${key}"`).join(', ');
    report.warn(
      'external-data',
      `expected external_data of ${describeTensor(tensor)} to use known keys only, received ${keys}`,
      at,
    );
  }
  if (options.external === undefined) return;
  const location = slice.segments.join('/');
  const size = options.external.size(location);
  if (size === undefined) {
    report.error('external-data', `expected file "${location}" of ${describeTensor(tensor)}, received none`, at);
  } else if (slice.offset + slice.byteLength > size) {
    const range = `bytes ${slice.offset} to ${slice.offset + slice.byteLength}`;
    report.error(
      'external-data',
      `expected ${range} of "${location}" for ${describeTensor(tensor)}, received a file of ${size} bytes`,
      at,
    );
  }
};

/** Every tensor of the model: known data type, dims and payload of exactly the right size, safe external data. */
export const checkTensors = (context: CheckContext): void => {
  const { model, report } = context;
  for (const visit of walkTensors(model)) {
    const { tensor } = visit;
    const at = { tensor: tensor.name };
    if (findDataType(tensor.dataType) === undefined) {
      report.error(
        'data-type',
        `expected ${describeTensor(tensor)} to have a known data type, received ${tensor.dataType}`,
        at,
      );
      continue;
    }
    const ir = irVersionForDataType.get(tensor.dataType) ?? 0;
    if (model.irVersion < BigInt(ir)) {
      const type = dataTypeName(tensor.dataType);
      report.error(
        'data-type-ir',
        `expected ir_version of at least ${ir} for ${type} (${describeTensor(tensor)}), received ${model.irVersion}`,
        at,
      );
    }
    try {
      requirePayload(tensor);
      if (isExternal(tensor)) checkExternal(visit, context);
    } catch (error) {
      if (!QuantError.isInstance(error)) throw error;
      report.error(isExternal(tensor) ? 'external-data' : 'tensor-payload', error.message, at);
    }
  }
};
