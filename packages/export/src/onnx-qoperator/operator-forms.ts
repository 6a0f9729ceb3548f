import {
  type Attribute,
  findAttribute,
  type GraphEditor,
  getFloat,
  getInt,
  getInts,
  getString,
  intAttribute,
  intsAttribute,
  type Node,
  type NodeOptions,
} from '@bitwright/onnx';
import { integerBias } from './integer-bias';
import { dequantizedFrom, type QuantizedResult, type QuantizedValue } from './quantized-value';

/** What an integer operator replaces. */
export interface FormContext {
  readonly node: Node;
  readonly edit: GraphEditor;
  readonly opset: number;
  /** Where the result is rounded to; undefined when it stays float. */
  readonly result: QuantizedResult | undefined;
}

/** The integer operator for a float one between quantizers; undefined where none fits. */
type OperatorForm = (context: FormContext) => Omit<NodeOptions, 'outputs' | 'name'> | undefined;

const microsoft = 'com.microsoft';

function parts({ codes, scale, zeroPoint }: QuantizedValue): [string, string, string] {
  return [codes, scale, zeroPoint];
}

function parameters({ scale, zeroPoint }: QuantizedValue): [string, string] {
  return [scale, zeroPoint];
}

/** Inputs `positions` as codes; undefined unless all are dequantized. */
function operands({ node, edit }: FormContext, positions: readonly number[]): QuantizedValue[] | undefined {
  const values = positions.map((i) => dequantizedFrom(node.input[i], edit)).filter((value) => value !== undefined);
  return values.length === positions.length ? values : undefined;
}

const conv: OperatorForm = (context) => {
  const { node, edit, result } = context;
  const [x, w] = operands(context, [0, 1]) ?? [];
  if (x === undefined || w === undefined || result === undefined || edit.initializer(w.codes) === undefined)
    return undefined;
  if ((channelAxis(node.input[1], edit) ?? 0) !== 0) return undefined;
  const bias = integerBias(node.input[2], x, w, edit);
  if (bias === undefined) return undefined;
  return {
    opType: 'QLinearConv',
    inputs: [...parts(x), ...parts(w), ...parameters(result), ...(bias === '' ? [] : [bias])],
    attributes: node.attribute,
  };
};

const matMul: OperatorForm = (context) => {
  const { node, edit, result } = context;
  const [a, b] = operands(context, [0, 1]) ?? [];
  if (a === undefined || b === undefined || (channelAxis(node.input[1], edit) ?? 1) !== 1) return undefined;
  if (result !== undefined)
    return { opType: 'QLinearMatMul', inputs: [...parts(a), ...parts(b), ...parameters(result)] };
  const inputs = [a.codes, b.codes, a.scale, b.scale, a.zeroPoint, b.zeroPoint];
  return { opType: 'MatMulIntegerToFloat', domain: microsoft, inputs };
};

const gemm: OperatorForm = (context) => {
  const { node, edit, result } = context;
  const [a, b] = operands(context, [0, 1]) ?? [];
  if (a === undefined || b === undefined || getFloat(node, 'alpha', 1) !== 1 || getFloat(node, 'beta', 1) !== 1)
    return undefined;
  const columns = getInt(node, 'transB', 0) !== 0 ? 0 : 1;
  if ((channelAxis(node.input[1], edit) ?? columns) !== columns) return undefined;
  const bias = integerBias(node.input[2], a, b, edit);
  if (bias === undefined) return undefined;
  const inputs = [...parts(a), ...parts(b), bias, ...(result === undefined ? [] : parameters(result))];
  while (inputs.at(-1) === '') inputs.pop();
  const attributes = node.attribute.filter(({ name }) => name === 'transA' || name === 'transB');
  return { opType: 'QGemm', domain: microsoft, inputs, attributes };
};

function binary(opType: string): OperatorForm {
  return (context) => {
    const [a, b] = operands(context, [0, 1]) ?? [];
    if (a === undefined || b === undefined || context.result === undefined) return undefined;
    return { opType, domain: microsoft, inputs: [...parts(a), ...parts(b), ...parameters(context.result)] };
  };
}

function unary(opType: string, attributes: (context: FormContext) => readonly Attribute[] | undefined): OperatorForm {
  return (context) => {
    const [x] = operands(context, [0]) ?? [];
    const given = attributes(context);
    if (x === undefined || context.result === undefined || given === undefined) return undefined;
    return { opType, domain: microsoft, inputs: [...parts(x), ...parameters(context.result)], attributes: given };
  };
}

const concat: OperatorForm = (context) => {
  const { node, result } = context;
  const inputs = operands(
    context,
    node.input.map((_, i) => i),
  );
  if (inputs === undefined || result === undefined) return undefined;
  const axis = intAttribute('axis', getInt(node, 'axis', 0));
  return {
    opType: 'QLinearConcat',
    domain: microsoft,
    inputs: [...parameters(result), ...inputs.flatMap(parts)],
    attributes: [axis],
  };
};

const where: OperatorForm = (context) => {
  const [x, y] = operands(context, [1, 2]) ?? [];
  if (x === undefined || y === undefined || context.result === undefined) return undefined;
  const inputs = [context.node.input[0] ?? '', ...parts(x), ...parts(y), ...parameters(context.result)];
  return { opType: 'QLinearWhere', domain: microsoft, inputs };
};

/** Integer forms by float operator, in the words of com.microsoft 1 and ai.onnx 10. */
export const operatorForms: Readonly<Record<string, OperatorForm>> = {
  Conv: conv,
  MatMul: matMul,
  Gemm: gemm,
  Add: binary('QLinearAdd'),
  Mul: binary('QLinearMul'),
  Concat: concat,
  Where: where,
  Sigmoid: unary('QLinearSigmoid', () => []),
  LeakyRelu: unary('QLinearLeakyRelu', ({ node }) => node.attribute),
  GlobalAveragePool: unary('QLinearGlobalAveragePool', () => [intAttribute('channels_last', 0)]),
  Softmax: unary('QLinearSoftmax', ({ node, opset }) => [
    intAttribute('opset', opset),
    intAttribute('axis', getInt(node, 'axis', opset >= 13 ? -1 : 1)),
  ]),
  AveragePool: unary('QLinearAveragePool', ({ node }) =>
    // Dilated windows (operator set 19) have no integer form.
    getInts(node, 'dilations', []).some((d) => d !== 1)
      ? undefined
      : node.attribute.filter(({ name }) => name !== 'dilations'),
  ),
  ReduceMean: unary('QLinearReduceMean', ({ node }) => {
    const axes = getInts(node, 'axes');
    if (axes === undefined) return undefined;
    return [intsAttribute('axes', axes), intAttribute('keepdims', getInt(node, 'keepdims', 1))];
  }),
};

/** Axis along which the scales of a dequantized constant lie; undefined for a single scale. */
function channelAxis(name: string | undefined, edit: GraphEditor): number | undefined {
  const node = edit.producer(name ?? '');
  const scale = edit.initializer(node?.input[1] ?? '');
  if (node === undefined || scale === undefined) return undefined;
  if (scale.dims.every((d) => d === 1n)) return undefined;
  return getInt(node, 'axis', 1);
}

const movers = new Set([
  'MaxPool',
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Gather',
  'GatherElements',
  'Expand',
  'Tile',
  'DepthToSpace',
  'Split',
  'ReduceMax',
  'ReduceMin',
]);

/** Whether an operator works on codes as they are, when its result has the parameters of its input. */
export function movesCodes(node: Node): boolean {
  if (node.opType === 'Resize') return getString(node, 'mode', 'nearest') === 'nearest';
  if (node.opType === 'MaxPool')
    return (node.output[1] ?? '') === '' && findAttribute(node, 'storage_order') === undefined;
  return movers.has(node.opType);
}
