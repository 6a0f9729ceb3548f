import type { PlanProblem } from '@bitwright/core';
import { elementCount } from '@bitwright/core';
import { tensorPlace } from '../spec-tensors';
import type { TfliteGraph, TfliteOperator, TfliteTensor } from './graph';
import type { OperatorName } from './schema/operators';
import { tensorTypes } from './schema/tensor-types';

/**
 * What a TFLite graph must keep, checked operator by operator: what the interpreter refuses, and what it does not refuse but
 * computes wrongly (bias scales, equal scales around pools).
 *
 * @see TFLite 8-bit quantization specification
 */
export function graphProblems(graph: TfliteGraph): readonly PlanProblem[] {
  return [
    ...graph.tensors.flatMap(tensorProblems),
    ...graph.operators.flatMap((operator, i) => operatorProblems(operator, i, graph)),
    ...orderProblems(graph),
  ];
}

// — internals —

function tensorProblems(tensor: TfliteTensor): readonly PlanProblem[] {
  const { name, type, shape, signature, data, quantization } = tensor;
  const where = tensorPlace(name);
  const problems: PlanProblem[] = [];
  const count = elementCount(shape);
  if (shape.some((d) => d < 0))
    problems.push({ where, expected: 'sizes of 0 or more', received: `[${shape.join(',')}]` });
  if (signature !== undefined && signature.length !== shape.length) {
    problems.push({ where, expected: `a signature of ${shape.length} axes`, received: `[${signature.join(',')}]` });
  }
  const bytes = Math.ceil((count * tensorTypes[type].bits) / 8);
  if (data !== undefined && data().length !== bytes) {
    problems.push({ where, expected: `${bytes} bytes of data`, received: String(data().length) });
  }
  if (type === 'INT8' && quantization === undefined) {
    problems.push({ where, expected: 'a scale for int8 codes', received: 'none' });
  }
  if (quantization === undefined) return problems;
  const { scale, zeroPoint, dimension } = quantization;
  const bad = scale.find((s) => !(s > 0 && Number.isFinite(s)));
  if (bad !== undefined) problems.push({ where, expected: 'positive finite scales', received: String(bad) });
  if (zeroPoint.length !== scale.length) {
    problems.push({ where, expected: `${scale.length} zero points`, received: String(zeroPoint.length) });
  }
  if (scale.length > 1 && shape[dimension] !== scale.length) {
    const received = `${scale.length} scales along axis ${dimension} of [${shape.join(',')}]`;
    problems.push({ where, expected: 'one scale per index of its axis', received });
  }
  const outside = type === 'INT8' ? zeroPoint.find((z) => z < -128 || z > 127) : zeroPoint.find((z) => z !== 0);
  if (outside !== undefined) problems.push({ where, expected: `a zero point of ${type}`, received: String(outside) });
  return problems;
}

/** Operators whose int8 kernels keep scale and zero point: input 0 and output 0 (CONCATENATION: all inputs). */
const sameScale: ReadonlySet<OperatorName> = /* @__PURE__ */ new Set<OperatorName>([
  'AVERAGE_POOL_2D',
  'MAX_POOL_2D',
  'CONCATENATION',
  'RESHAPE',
  'TRANSPOSE',
  'RESIZE_BILINEAR',
  'RESIZE_NEAREST_NEIGHBOR',
  'PAD',
  'PADV2',
  'GATHER',
  'STRIDED_SLICE',
  'REDUCE_MAX',
  'REDUCE_MIN',
  'DEPTH_TO_SPACE',
  'SPACE_TO_DEPTH',
  'MAXIMUM',
  'MINIMUM',
  'RELU',
  'RELU6',
  'RELU_N1_TO_1',
]);

const fixedOutputs: Readonly<Partial<Record<OperatorName, { readonly scale: number; readonly zeroPoint: number }>>> = {
  SOFTMAX: { scale: 1 / 256, zeroPoint: -128 },
  LOGISTIC: { scale: 1 / 256, zeroPoint: -128 },
  TANH: { scale: 1 / 128, zeroPoint: 0 },
  LOG_SOFTMAX: { scale: 16 / 256, zeroPoint: 127 },
};

/** Position of the data input and of filter and bias, for the operators that have them. */
const layers: Readonly<
  Partial<
    Record<
      OperatorName,
      { readonly input: number; readonly filter: number; readonly bias: number; readonly axis: number }
    >
  >
> = {
  CONV_2D: { input: 0, filter: 1, bias: 2, axis: 0 },
  DEPTHWISE_CONV_2D: { input: 0, filter: 1, bias: 2, axis: 3 },
  FULLY_CONNECTED: { input: 0, filter: 1, bias: 2, axis: 0 },
  TRANSPOSE_CONV: { input: 2, filter: 1, bias: 3, axis: 0 },
};

function operatorProblems(
  { kind, inputs, outputs }: TfliteOperator,
  position: number,
  { tensors }: TfliteGraph,
): readonly PlanProblem[] {
  const where = `operator ${position} (${kind})`;
  const missing = [...inputs, ...outputs].find((index) => index < -1 || index >= tensors.length);
  if (missing !== undefined)
    return [{ where, expected: `a tensor below ${tensors.length}`, received: String(missing) }];
  const output = tensors[outputs[0] ?? -1];
  if (output?.type !== 'INT8') return [];
  const data = kind === 'CONCATENATION' ? inputs : inputs.slice(0, 1);
  const problems: PlanProblem[] = [];
  for (const index of sameScale.has(kind) ? data : []) {
    const input = tensors[index];
    if (input === undefined || hasSameScale(input, output)) continue;
    const expected = `the scale and zero point of "${output.name}" for "${input.name}"`;
    problems.push({ where, expected, received: describe(input) });
  }
  const fixed = fixedOutputs[kind];
  const [scale, zeroPoint] = [output.quantization?.scale[0], output.quantization?.zeroPoint[0]];
  if (fixed !== undefined && (scale !== fixed.scale || zeroPoint !== fixed.zeroPoint)) {
    const expected = `scale ${fixed.scale} and zero point ${fixed.zeroPoint}`;
    problems.push({ where, expected, received: describe(output) });
  }
  const layer = layers[kind];
  if (layer !== undefined) {
    problems.push(
      ...layerProblems(
        where,
        layer.axis,
        tensors[inputs[layer.input] ?? -1],
        tensors[inputs[layer.filter] ?? -1],
        tensors[inputs[layer.bias] ?? -1],
      ),
    );
  }
  return problems;
}

function layerProblems(
  where: string,
  axis: number,
  input: TfliteTensor | undefined,
  filter: TfliteTensor | undefined,
  bias: TfliteTensor | undefined,
): readonly PlanProblem[] {
  const weights = filter?.quantization;
  if (filter === undefined || weights === undefined) return [{ where, expected: 'an int8 filter', received: 'none' }];
  if (weights.zeroPoint.some((z) => z !== 0)) {
    return [{ where, expected: 'a filter with zero point 0', received: `"${filter.name}"` }];
  }
  if (weights.scale.length > 1 && weights.dimension !== axis) {
    return [{ where, expected: `filter scales along axis ${axis}`, received: `axis ${weights.dimension}` }];
  }
  const codes = filter.data?.();
  if (codes?.includes(0x80) === true) return [{ where, expected: 'filter codes within [-127, 127]', received: '-128' }];
  if (bias === undefined) return [];
  const scaleX = input?.quantization?.scale[0] ?? Number.NaN;
  const biasScale = bias.quantization?.scale;
  const isProduct =
    bias.type === 'INT32' &&
    biasScale?.length === weights.scale.length &&
    biasScale.every((scale, c) => scale === Math.fround(scaleX * (weights.scale[c] as number)));
  return isProduct ? [] : [{ where, expected: 'an int32 bias of scale(x)·scale(w)', received: describe(bias) }];
}

/** Every operator reads what inputs, constants or operators before it have written. */
function orderProblems({ tensors, operators, inputs, outputs }: TfliteGraph): readonly PlanProblem[] {
  const written = new Set(inputs);
  const isKnown = (index: number): boolean => index === -1 || written.has(index) || tensors[index]?.data !== undefined;
  const problems: PlanProblem[] = [];
  for (const [i, operator] of operators.entries()) {
    const unknown = operator.inputs.find((index) => !isKnown(index));
    if (unknown !== undefined) {
      const received = `tensor ${unknown} ("${tensors[unknown]?.name}")`;
      problems.push({ where: `operator ${i} (${operator.kind})`, expected: 'inputs written before', received });
    }
    for (const output of operator.outputs) written.add(output);
  }
  const missing = outputs.find((index) => !isKnown(index));
  if (missing !== undefined || outputs.length === 0) {
    problems.push({ where: 'outputs', expected: 'tensors that operators write', received: String(missing ?? 'none') });
  }
  return problems;
}

function hasSameScale(a: TfliteTensor, b: TfliteTensor): boolean {
  const [p, q] = [a.quantization, b.quantization];
  return p?.scale[0] === q?.scale[0] && p?.zeroPoint[0] === q?.zeroPoint[0];
}

function describe({ name, quantization }: TfliteTensor): string {
  return `"${name}" with scale ${quantization?.scale[0]} and zero point ${quantization?.zeroPoint[0]}`;
}
