import { InvalidArgumentError } from '@bitwright/core';

/** What a dtype does to the weights and, for float16, to everything else. */
export interface WeightDTypeInfo {
  /** File suffix by which transformers.js finds the file. */
  readonly suffix: string;
  readonly title: string;
  /** Weight codes: `rows` 8 bits per output row, `blocks` low bits per block, `lookup` 4-bit levels, undefined none. */
  readonly codes: 'rows' | 'blocks' | 'lookup' | undefined;
  readonly bits: 2 | 4 | 8 | 16;
  readonly float16: boolean;
}

export type WeightDType = 'fp16' | 'q8' | 'int8' | 'uint8' | 'q4' | 'q4f16' | 'q2' | 'q2f16' | 'bnb4';

/** Every dtype, by its name in transformers.js. */
export const weightDTypes: Readonly<Record<WeightDType, WeightDTypeInfo>> = {
  fp16: { suffix: '_fp16', title: 'float16', codes: undefined, bits: 16, float16: true },
  q8: { suffix: '_quantized', title: '8 bits, dynamic activations', codes: 'rows', bits: 8, float16: false },
  int8: { suffix: '_int8', title: 'int8, dynamic activations', codes: 'rows', bits: 8, float16: false },
  uint8: { suffix: '_uint8', title: 'uint8, dynamic activations', codes: 'rows', bits: 8, float16: false },
  q4: { suffix: '_q4', title: '4-bit blocks', codes: 'blocks', bits: 4, float16: false },
  q4f16: { suffix: '_q4f16', title: '4-bit blocks, the rest float16', codes: 'blocks', bits: 4, float16: true },
  q2: { suffix: '_q2', title: '2-bit blocks', codes: 'blocks', bits: 2, float16: false },
  q2f16: { suffix: '_q2f16', title: '2-bit blocks, the rest float16', codes: 'blocks', bits: 2, float16: true },
  bnb4: { suffix: '_bnb4', title: '4-bit NormalFloat blocks', codes: 'lookup', bits: 4, float16: false },
};

/**
 * Reads a dtype by name.
 *
 * @throws {InvalidArgumentError} for an unknown name, with the known ones
 */
export function parseWeightDType(name: string): WeightDType {
  if (Object.hasOwn(weightDTypes, name)) return name as WeightDType;
  const isOneBit = name === 'q1' || name === 'q1f16';
  throw new InvalidArgumentError({
    operation: '[ptq] parseWeightDType',
    expected: `one of ${Object.keys(weightDTypes).join(', ')}`,
    received: JSON.stringify(name),
    ...(isOneBit ? { hint: 'onnxruntime 1.30 has no 1-bit matrix product on the CPU.' } : {}),
  });
}

/** `model_q4.onnx`: the name under which transformers.js looks for a dtype. */
export function dtypeFileName(baseName: string, dtype: WeightDType): string {
  return `${baseName}${weightDTypes[dtype].suffix}.onnx`;
}
