/** Operators this package writes. */
export type OperatorName =
  | 'ADD'
  | 'AVERAGE_POOL_2D'
  | 'CONCATENATION'
  | 'CONV_2D'
  | 'DEPTHWISE_CONV_2D'
  | 'DEPTH_TO_SPACE'
  | 'DEQUANTIZE'
  | 'FLOOR'
  | 'FULLY_CONNECTED'
  | 'LOGISTIC'
  | 'MAX_POOL_2D'
  | 'MUL'
  | 'RELU'
  | 'RELU_N1_TO_1'
  | 'RELU6'
  | 'RESHAPE'
  | 'RESIZE_BILINEAR'
  | 'SOFTMAX'
  | 'SPACE_TO_DEPTH'
  | 'TANH'
  | 'PAD'
  | 'GATHER'
  | 'TRANSPOSE'
  | 'MEAN'
  | 'SUB'
  | 'DIV'
  | 'STRIDED_SLICE'
  | 'EXP'
  | 'LOG_SOFTMAX'
  | 'CAST'
  | 'PRELU'
  | 'MAXIMUM'
  | 'MINIMUM'
  | 'NEG'
  | 'PADV2'
  | 'SIN'
  | 'TRANSPOSE_CONV'
  | 'LOG'
  | 'SUM'
  | 'SQRT'
  | 'POW'
  | 'REDUCE_MAX'
  | 'REDUCE_MIN'
  | 'RESIZE_NEAREST_NEIGHBOR'
  | 'LEAKY_RELU'
  | 'ABS'
  | 'COS'
  | 'ELU'
  | 'QUANTIZE'
  | 'HARD_SWISH'
  | 'SELECT_V2'
  | 'BATCH_MATMUL'
  | 'BROADCAST_TO'
  | 'GELU';

/** How a field of an options table is stored, with the value that is left out of the file. */
export interface OptionField {
  readonly slot: number;
  readonly kind: 'int8' | 'int32' | 'float32' | 'bool' | 'int32s';
  readonly otherwise: number | boolean;
}

export type OptionValue = number | boolean | readonly number[];

/** One operator type: its code, its options table, and its version for float and for int8 operands. */
export interface OperatorSchema {
  readonly code: number;
  /** Number of the table in the union BuiltinOptions; 0 = no table. */
  readonly optionsType: number;
  readonly fields: Readonly<Record<string, OptionField>>;
  readonly version: { readonly float: number; readonly int8: number };
}

const int8 = (slot: number, otherwise = 0): OptionField => ({ slot, kind: 'int8', otherwise });
const int32 = (slot: number, otherwise = 0): OptionField => ({ slot, kind: 'int32', otherwise });
const bool = (slot: number): OptionField => ({ slot, kind: 'bool', otherwise: false });
const float32 = (slot: number): OptionField => ({ slot, kind: 'float32', otherwise: 0 });
const int32s = (slot: number): OptionField => ({ slot, kind: 'int32s', otherwise: 0 });

const operator = (
  code: number,
  int8Version: number,
  optionsType = 0,
  fields: Readonly<Record<string, OptionField>> = {},
  floatVersion = 1,
): OperatorSchema => ({ code, optionsType, fields, version: { float: floatVersion, int8: int8Version } });

const pool = {
  padding: int8(0),
  strideW: int32(1),
  strideH: int32(2),
  filterWidth: int32(3),
  filterHeight: int32(4),
  activation: int8(5),
};
const reducer = { keepDims: bool(0) };

/**
 * The operators this package writes: the part of the TFLite schema (version 3) that it needs, in its own words. Versions are those
 * that TensorFlow 2.21's converter writes for the same operands.
 *
 * @see TensorFlow 2.21 schema: BuiltinOperator, BuiltinOptions and the tables behind them
 */
export const operatorSchemas: Readonly<Record<OperatorName, OperatorSchema>> = {
  ADD: operator(0, 2, 11, { activation: int8(0) }),
  AVERAGE_POOL_2D: operator(1, 2, 5, pool),
  CONCATENATION: operator(2, 2, 10, { axis: int32(0), activation: int8(1) }),
  CONV_2D: operator(3, 3, 1, {
    padding: int8(0),
    strideW: int32(1),
    strideH: int32(2),
    activation: int8(3),
    dilationW: int32(4, 1),
    dilationH: int32(5, 1),
  }),
  DEPTHWISE_CONV_2D: operator(4, 3, 2, {
    padding: int8(0),
    strideW: int32(1),
    strideH: int32(2),
    depthMultiplier: int32(3),
    activation: int8(4),
    dilationW: int32(5, 1),
    dilationH: int32(6, 1),
  }),
  DEPTH_TO_SPACE: operator(5, 2, 94, { blockSize: int32(0) }),
  DEQUANTIZE: operator(6, 2, 38),
  FLOOR: operator(8, 1),
  FULLY_CONNECTED: operator(9, 4, 8, { activation: int8(0), weightsFormat: int8(1), keepNumDims: bool(2) }),
  LOGISTIC: operator(14, 2),
  MAX_POOL_2D: operator(17, 2, 5, pool),
  MUL: operator(18, 2, 21, { activation: int8(0) }),
  RELU: operator(19, 2),
  RELU_N1_TO_1: operator(20, 1),
  RELU6: operator(21, 2),
  RESHAPE: operator(22, 1, 17, { newShape: int32s(0) }),
  RESIZE_BILINEAR: operator(23, 3, 15, { alignCorners: bool(2), halfPixelCenters: bool(3) }, 3),
  SOFTMAX: operator(25, 2, 9, { beta: float32(0) }),
  SPACE_TO_DEPTH: operator(26, 2, 19, { blockSize: int32(0) }),
  TANH: operator(28, 2),
  PAD: operator(34, 2, 22),
  GATHER: operator(36, 2, 23, { axis: int32(0), batchDims: int32(1) }),
  TRANSPOSE: operator(39, 2, 26),
  MEAN: operator(40, 2, 27, reducer),
  SUB: operator(41, 2, 28, { activation: int8(0) }),
  DIV: operator(42, 2, 29, { activation: int8(0) }),
  STRIDED_SLICE: operator(45, 2, 32, {
    beginMask: int32(0),
    endMask: int32(1),
    ellipsisMask: int32(2),
    newAxisMask: int32(3),
    shrinkAxisMask: int32(4),
  }),
  EXP: operator(47, 2, 33),
  LOG_SOFTMAX: operator(50, 2, 36),
  CAST: operator(53, 1, 37, { inDataType: int8(0), outDataType: int8(1) }),
  PRELU: operator(54, 1),
  MAXIMUM: operator(55, 2, 39),
  MINIMUM: operator(57, 2, 39),
  NEG: operator(59, 1, 42),
  PADV2: operator(60, 2, 43),
  SIN: operator(66, 1),
  TRANSPOSE_CONV: operator(
    67,
    3,
    49,
    { padding: int8(0), strideW: int32(1), strideH: int32(2), activation: int8(3) },
    3,
  ),
  LOG: operator(73, 2),
  SUM: operator(74, 2, 27, reducer),
  SQRT: operator(75, 1),
  POW: operator(78, 1, 56),
  REDUCE_MAX: operator(82, 2, 27, reducer),
  REDUCE_MIN: operator(89, 2, 27, reducer),
  RESIZE_NEAREST_NEIGHBOR: operator(97, 3, 74, { alignCorners: bool(0), halfPixelCenters: bool(1) }, 3),
  LEAKY_RELU: operator(98, 1, 75, { alpha: float32(0) }),
  ABS: operator(101, 1, 78),
  COS: operator(108, 1, 84),
  ELU: operator(111, 1),
  QUANTIZE: operator(114, 1, 89),
  HARD_SWISH: operator(117, 1, 91),
  SELECT_V2: operator(123, 1, 98),
  BATCH_MATMUL: operator(126, 2, 101, { adjX: bool(0), adjY: bool(1) }),
  BROADCAST_TO: operator(130, 3, 104, {}, 2),
  GELU: operator(150, 2, 116, { approximate: bool(0) }),
};

/** Padding of windows. */
export const padding = { SAME: 0, VALID: 1 } as const;

/** Activations an operator applies to its result. */
export const fusedActivations = { NONE: 0, RELU: 1, RELU_N1_TO_1: 2, RELU6: 3 } as const;

export type FusedActivation = keyof typeof fusedActivations;

/** The operator of a code; undefined for those this package does not write. */
export function operatorNamed(code: number): OperatorName | undefined {
  return (Object.keys(operatorSchemas) as OperatorName[]).find((name) => operatorSchemas[name].code === code);
}
