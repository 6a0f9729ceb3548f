import { type QuantizedArray, requantizationMultiplier } from '@bitwright/core';
import type { Constant } from '../constants';
import type { ToCodes, ToReals } from '../integer-operators';
import { type LoweringContext, refusal } from '../lowering';
import type { ActivationCodes } from '../value';

/** Weights of a product with one scale and zero point per output. */
export interface ProductWeights {
  readonly codes: QuantizedArray;
  readonly shape: readonly number[];
  readonly scale: Float32Array;
  readonly zeroPoint: number | Int32Array;
}

/** The weights of a product on integers; undefined where it computes with real numbers. */
export function integerWeights(context: LoweringContext, outputAxis: number): ProductWeights | undefined {
  const weight = context.constant(1);
  if (weight?.kind !== 'codes' || context.inputCodes(0) === undefined) return undefined;
  const { scheme, qparams } = weight.quantization;
  const outputs = weight.shape[outputAxis] ?? 1;
  const { granularity } = scheme;
  const isPerOutput = granularity.kind === 'perAxis' && granularity.axis === outputAxis;
  if (granularity.kind !== 'perTensor' && !isPerOutput) {
    throw refusal(context.node, 'weights with one scale, or one per output', granularity.kind);
  }
  const scale = isPerOutput ? qparams.scale : new Float32Array(outputs).fill(qparams.scale[0] as number);
  const isSymmetric = qparams.zeroPoint.every((zeroPoint) => zeroPoint === 0);
  const zeroPoint = isSymmetric ? 0 : isPerOutput ? qparams.zeroPoint : (qparams.zeroPoint[0] as number);
  return { codes: weight.data, shape: weight.shape, scale, zeroPoint };
}

/** Bias and what becomes of the accumulators. */
export interface ProductResult {
  readonly bias?: Int32Array;
  readonly to: ToCodes | ToReals;
  /** Whether results are codes. */
  readonly codes: ActivationCodes | undefined;
}

/** An int32 bias goes into the accumulators; a real one is added to real results, which become codes afterwards. */
export function productResult(context: LoweringContext, input: ActivationCodes, scale: Float32Array): ProductResult {
  const bias = biasOf(context, scale.length);
  const isReal = bias?.kind === 'real';
  const { codes } = context.output;
  const inAccumulator = bias?.kind === 'codes' ? { bias: int32Of(context, bias, scale.length) } : {};
  if (codes !== undefined && !isReal) {
    const multiplier = requantizationMultiplier(input.scale, scale, codes.scale);
    const { scale: outputScale, zeroPoint, qmin, qmax } = codes;
    return {
      ...inAccumulator,
      codes,
      to: { multiplier, scale: outputScale, zeroPoint, qmin, qmax, method: context.method },
    };
  }
  const multiplier = scale.map((w) => input.scale * w);
  const addend = isReal ? { addend: spread(bias.data, scale.length) } : {};
  return { ...inAccumulator, codes: undefined, to: { multiplier, ...addend } };
}

// — internals —

type Bias = Exclude<Constant, { kind: 'index' }>;

/** The bias of a product: one number for all outputs or one for each. */
function biasOf({ node, constant }: LoweringContext, outputs: number): Bias | undefined {
  if ((node.inputs[2] ?? '') === '') return undefined;
  const bias = constant(2);
  if (bias === undefined || bias.kind === 'index') throw refusal(node, 'a constant bias', node.inputs[2] ?? 'none');
  const { data, shape } = bias;
  if (data.length === 1 || (data.length === outputs && shape.at(-1) === outputs)) return bias;
  throw refusal(node, `a bias of one number or of ${outputs}`, `shape [${shape.join(',')}]`);
}

function int32Of({ node }: LoweringContext, { data }: Extract<Bias, { kind: 'codes' }>, outputs: number): Int32Array {
  if (!(data instanceof Int32Array)) throw refusal(node, 'an int32 bias', data.constructor.name);
  return data.length === outputs ? data : new Int32Array(outputs).fill(data[0] as number);
}

function spread(data: Float32Array, outputs: number): Float32Array {
  return data.length === outputs ? data : new Float32Array(outputs).fill(data[0] as number);
}
