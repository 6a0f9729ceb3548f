import { InvalidArgumentError } from '@bitwright/core';
import type { LookupKind, OverflowRule } from '@bitwright/export';
import type { ExternalDataReader } from '@bitwright/onnx';
import type { OnProgress } from '../progress';
import type { SampleInput } from '../sample-source';
import type { Runtime } from '../session';
import type { WeightMethod } from './choose-codes';
import { type WeightDType, weightDTypes } from './dtypes';

/** What becomes of convolutions in the 8-bit dtypes. */
export type ConvolutionForm = 'stored' | 'integer' | 'float';

export interface QuantizeWeightsOptions {
  readonly dtype: WeightDType;
  /** Weights that share a scale: 16, 32, 64, 128 or 256. Default 32; 64 for bnb4. */
  readonly blockSize?: number | undefined;
  /** How low-bit codes are chosen. Default `mse`; `gptq` needs `calibration`. */
  readonly method?: WeightMethod | undefined;
  /** Blocks without zero points. Default true. */
  readonly symmetric?: boolean | undefined;
  /** Zero points as real numbers: `hqq`, asymmetric, MatMulNBits only. Default false. */
  readonly realZeroPoints?: boolean | undefined;
  /** accuracy_level of MatMulNBits: 4 (default) lets the runtime round activations to int8, block by block; 0 computes in float. */
  readonly accuracyLevel?: number | undefined;
  /** 8-bit dtypes: a scale per output row. Default true. */
  readonly perChannel?: boolean | undefined;
  /** int8: 7-bit codes, because 8 bits saturate on x86 without VNNI. Default true; uint8 does not need it. */
  readonly reduceRange?: boolean | undefined;
  /** 8-bit dtypes: Conv weights stored in 8 bits and computed in float (default), computed as integers, or left alone. */
  readonly convolutions?: ConvolutionForm | undefined;
  /** Blocks in onnxruntime's operators (default), or as DequantizeLinear, operator set 21. */
  readonly spelling?: 'operators' | 'qdq' | undefined;
  /** Whether embedding tables are quantized too. Default true. */
  readonly embeddings?: boolean | undefined;
  /** bnb4: level table. Default `nf4`. */
  readonly levels?: LookupKind | undefined;
  /** float16: model inputs and outputs stay float32. Default true. */
  readonly keepsIo?: boolean | undefined;
  /** float16: constants beyond ±65504. Default `masks`: clamp where all are negative, else an error. */
  readonly overflow?: OverflowRule | undefined;
  /** Globs over node names, or `op:Type`, that compute in float32 in float16 dtypes. */
  readonly keepFloat32?: readonly string[] | undefined;
  /** Globs over node names, or `op:Type`, whose weights are not quantized. */
  readonly exclude?: readonly string[] | undefined;
  /** Samples for `gptq`. */
  readonly calibration?: SampleInput | undefined;
  /** Calibration samples used at most. Default 128. */
  readonly samples?: number | undefined;
  /** Samples per run. Default 8. */
  readonly batchSize?: number | undefined;
  /** Share of the mean diagonal added by `gptq`. Default 0.01. */
  readonly damping?: number | undefined;
  /** Samples for the comparison with float. Default: the calibration data, else made-up inputs. */
  readonly verification?: SampleInput | undefined;
  /** Samples compared; 0: the result is not run. Default 8. */
  readonly verifySamples?: number | undefined;
  /** Default: the installed onnxruntime. */
  readonly runtime?: Runtime | undefined;
  /** Model name for the report. */
  readonly name?: string | undefined;
  /** Reads tensors kept outside the model file. */
  readonly readExternal?: ExternalDataReader | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

const optionKeys: readonly (keyof QuantizeWeightsOptions)[] = [
  'dtype',
  'blockSize',
  'method',
  'symmetric',
  'realZeroPoints',
  'accuracyLevel',
  'perChannel',
  'reduceRange',
  'convolutions',
  'spelling',
  'embeddings',
  'levels',
  'keepsIo',
  'overflow',
  'keepFloat32',
  'exclude',
  'calibration',
  'samples',
  'batchSize',
  'damping',
  'verification',
  'verifySamples',
  'runtime',
  'name',
  'readExternal',
  'signal',
  'onProgress',
];

/** The options that decide the file, with defaults. */
export interface WeightSettings {
  readonly dtype: WeightDType;
  readonly isSigned: boolean;
  readonly blockSize: number;
  readonly method: WeightMethod;
  readonly symmetric: boolean;
  readonly realZeroPoints: boolean;
  readonly accuracyLevel: number;
  readonly perChannel: boolean;
  readonly reduceRange: boolean;
  readonly convolutions: ConvolutionForm;
  readonly spelling: 'operators' | 'qdq';
  readonly embeddings: boolean;
  readonly levels: LookupKind;
}

const blockSizes = [16, 32, 64, 128, 256];

/**
 * Checks options and fills in defaults. `q8` is uint8: the same results on every machine, where int8 saturates on x86 without VNNI,
 * and the only form for which every runtime has an integer convolution.
 *
 * @throws {InvalidArgumentError} for an unknown option, or values that do not go together
 */
export function readWeightOptions(options: QuantizeWeightsOptions): WeightSettings {
  const { dtype } = options;
  const unknown = Object.keys(options).find((key) => !optionKeys.some((known) => known === key));
  if (unknown !== undefined) throw invalid(`one of ${optionKeys.join(', ')}`, `unknown option "${unknown}"`);
  if (!Object.hasOwn(weightDTypes, dtype))
    throw invalid(`dtype ${Object.keys(weightDTypes).join(', ')}`, String(dtype));
  const { codes } = weightDTypes[dtype];
  const blockSize = options.blockSize ?? (codes === 'lookup' ? 64 : 32);
  if (!blockSizes.includes(blockSize)) throw invalid(`a block size of ${blockSizes.join(', ')}`, String(blockSize));
  const method = options.method ?? 'mse';
  if (method === 'gptq' && options.calibration === undefined) {
    throw invalid('calibration samples for the method "gptq"', 'none');
  }
  const symmetric = options.symmetric ?? true;
  const realZeroPoints = options.realZeroPoints ?? false;
  if (realZeroPoints && method !== 'hqq') throw invalid('method "hqq" with real zero points', method);
  if (realZeroPoints && symmetric) throw invalid('symmetric: false with real zero points', 'symmetric blocks');
  if (realZeroPoints && options.spelling === 'qdq') {
    throw invalid('integer zero points with spelling "qdq"', 'real ones');
  }
  if (options.spelling === 'qdq' && codes === 'blocks' && weightDTypes[dtype].bits === 2) {
    throw invalid('4 bits with spelling "qdq" (2-bit tensors need operator set 25)', dtype);
  }
  const accuracyLevel = options.accuracyLevel ?? 4;
  if (![0, 1, 2, 3, 4].includes(accuracyLevel)) {
    throw invalid('an accuracy level from 0 to 4', String(accuracyLevel));
  }
  return {
    dtype,
    isSigned: dtype === 'int8',
    blockSize,
    method,
    symmetric,
    realZeroPoints,
    accuracyLevel,
    perChannel: options.perChannel ?? true,
    reduceRange: options.reduceRange ?? dtype === 'int8',
    convolutions: options.convolutions ?? 'stored',
    spelling: options.spelling ?? 'operators',
    embeddings: options.embeddings ?? true,
    levels: options.levels ?? 'nf4',
  };
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] quantizeWeights', expected, received });
}
