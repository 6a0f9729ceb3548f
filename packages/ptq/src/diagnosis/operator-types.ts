import type { Node } from '@bitwright/onnx';

/** Operators of other names that compute the same as a float operator; `QLinear…` names are read by rule. */
const sameAs: ReadonlyMap<string, string> = new Map([
  ['ConvInteger', 'Conv'],
  ['FusedConv', 'Conv'],
  ['NhwcFusedConv', 'Conv'],
  ['Gemm', 'MatMul'],
  ['QGemm', 'MatMul'],
  ['FusedGemm', 'MatMul'],
  ['FusedMatMul', 'MatMul'],
  ['MatMulInteger', 'MatMul'],
  ['MatMulIntegerToFloat', 'MatMul'],
  ['DynamicQuantizeMatMul', 'MatMul'],
  ['MatMulNBits', 'MatMul'],
  ['MatMulBnb4', 'MatMul'],
  ['GatherBlockQuantized', 'Gather'],
  ['DynamicQuantizeLSTM', 'LSTM'],
  ['QAttention', 'Attention'],
  ['QOrderedMatMul', 'MatMul'],
  ['Flatten', 'Reshape'],
]);

/**
 * The float operator a node stands for, whatever number format it computes in: `QLinearConv` and `ConvInteger` are `Conv`,
 * all matrix products with or without bias are `MatMul`.
 */
export function operatorKind(node: Node): string {
  const { opType } = node;
  return sameAs.get(opType) ?? (/^QLinear(?=[A-Z])/.test(opType) ? opType.slice('QLinear'.length) : opType);
}

/** Where a node keeps the parameters of codes it reads or writes: positions in its inputs. */
export interface CodePositions {
  readonly scale: number;
  readonly zeroPoint: number;
}

const outputPositions: ReadonlyMap<string, CodePositions> = new Map([
  ['QLinearConv', { scale: 6, zeroPoint: 7 }],
  ['QLinearMatMul', { scale: 6, zeroPoint: 7 }],
  ['QLinearAdd', { scale: 6, zeroPoint: 7 }],
  ['QLinearMul', { scale: 6, zeroPoint: 7 }],
  ['QGemm', { scale: 7, zeroPoint: 8 }],
  ['QLinearConcat', { scale: 0, zeroPoint: 1 }],
]);

/** QLinear operators of one operand: `x, scale(x), zeroPoint(x), scale(y), zeroPoint(y)`. */
const unaryPositions: CodePositions = { scale: 3, zeroPoint: 4 };

/** Where a node that writes codes names their scale and zero point; undefined for operators that do not name them. */
export function outputCodePositions(node: Node): CodePositions | undefined {
  const known = outputPositions.get(node.opType);
  if (known !== undefined) return node.input[known.scale] === undefined ? undefined : known;
  return node.opType.startsWith('QLinear') ? unaryPositions : undefined;
}

/** Operators with weights in integers, and where: data, scale (undefined: applied by a later Mul), zero point, axis of the scales. */
export interface WeightPositions {
  readonly codes: number;
  readonly scale: number | undefined;
  readonly zeroPoint: number;
  /** Axis of a scale per channel; -1 is the last. */
  readonly axis: number;
}

export const integerWeights: ReadonlyMap<string, WeightPositions> = new Map([
  ['QLinearConv', { codes: 3, scale: 4, zeroPoint: 5, axis: 0 }],
  ['QLinearMatMul', { codes: 3, scale: 4, zeroPoint: 5, axis: -1 }],
  ['QGemm', { codes: 3, scale: 4, zeroPoint: 5, axis: 0 }],
  ['ConvInteger', { codes: 1, scale: undefined, zeroPoint: 3, axis: 0 }],
  ['MatMulInteger', { codes: 1, scale: undefined, zeroPoint: 3, axis: -1 }],
  ['DynamicQuantizeMatMul', { codes: 1, scale: 2, zeroPoint: 3, axis: -1 }],
  ['MatMulIntegerToFloat', { codes: 1, scale: 3, zeroPoint: 5, axis: -1 }],
]);

/** Integer products whose int32 result a Cast and a Mul turn into real numbers. */
export const accumulatingOperators: ReadonlySet<string> = new Set(['ConvInteger', 'MatMulInteger']);

/** Operators that hand a value on unchanged, so that it is the same quantity on both sides. */
export const copyOperators: ReadonlySet<string> = new Set(['Identity', 'Dropout']);

/** Operators that move or repeat elements and compute nothing; Gather does where it reads no weight. */
export const movingOperators: ReadonlySet<string> = new Set([
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Split',
  'Gather',
  'Pad',
  'Tile',
  'Expand',
  'DepthToSpace',
  'SpaceToDepth',
]);

/** Operators that write codes of the scale they read. */
export function keepsCodes(opType: string): boolean {
  return movingOperators.has(opType) || opType === 'MaxPool' || opType === 'Resize';
}

/** Operators that quantizers and runtimes merge into the operator before them. */
const activationOperators: ReadonlySet<string> = new Set(['Relu', 'Clip', 'LeakyRelu', 'PRelu', 'HardSwish']);
const affineOperators: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** Whether an operator of `inputs` values that are not constant can disappear into the one before it. */
export function isFoldable(kind: string, inputs: number): boolean {
  if (inputs !== 1) return false;
  return activationOperators.has(kind) || affineOperators.has(kind) || kind === 'BatchNormalization';
}

const weightedKinds: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gather']);

/** Operators whose constant operand of rank 2 or more is a weight. */
export function isWeighted(kind: string): boolean {
  return weightedKinds.has(kind);
}
