import { ExportError } from '@bitwright/core';
import {
  type Attribute,
  DataType,
  editGraph,
  type GraphEditor,
  intAttribute,
  type Model,
  type Node,
  nameNodes,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { movesCodes } from './operator-forms';
import type { QuantizedValue } from './quantized-value';

/** How an integer operator reads: which inputs hold codes, which hold the parameters of its result. */
interface Reading {
  readonly opType: string;
  /** Position of codes; scale and zero point follow at the next two positions unless given. */
  readonly operands: readonly (readonly [codes: number, scale: number, zeroPoint: number])[];
  /** Position of the scale of the result; the zero point follows. Beyond the inputs: the result is float. */
  readonly result: number | undefined;
  readonly bias?: number;
  /** Axis of per-channel scales of the second operand. */
  readonly weightAxis?: (node: Node) => number;
  /** Inputs in front of the operands that stay (the condition of Where). */
  readonly leading?: number;
  /** Attributes the float operator does not have. */
  readonly dropped?: readonly string[];
}

const triple = (codes: number): readonly [number, number, number] => [codes, codes + 1, codes + 2];
const unary = (opType: string, dropped: readonly string[] = []): Reading => ({
  opType,
  operands: [triple(0)],
  result: 3,
  dropped,
});

const readings: Readonly<Record<string, Reading>> = {
  QLinearConv: {
    opType: 'Conv',
    operands: [triple(0), triple(3)],
    result: 6,
    bias: 8,
    weightAxis: () => 0,
    dropped: ['channels_last'],
  },
  QLinearMatMul: { opType: 'MatMul', operands: [triple(0), triple(3)], result: 6, weightAxis: () => 1 },
  MatMulIntegerToFloat: {
    opType: 'MatMul',
    operands: [
      [0, 2, 4],
      [1, 3, 5],
    ],
    result: undefined,
    weightAxis: () => 1,
  },
  QGemm: {
    opType: 'Gemm',
    operands: [triple(0), triple(3)],
    result: 7,
    bias: 6,
    weightAxis: (node) => (node.attribute.some(({ name, i }) => name === 'transB' && i !== 0n) ? 0 : 1),
  },
  QLinearAdd: { opType: 'Add', operands: [triple(0), triple(3)], result: 6 },
  QLinearMul: { opType: 'Mul', operands: [triple(0), triple(3)], result: 6 },
  QLinearWhere: { opType: 'Where', operands: [triple(1), triple(4)], result: 7, leading: 1 },
  QLinearSigmoid: unary('Sigmoid'),
  QLinearLeakyRelu: unary('LeakyRelu'),
  QLinearGlobalAveragePool: unary('GlobalAveragePool', ['channels_last']),
  QLinearAveragePool: unary('AveragePool', ['channels_last']),
  QLinearSoftmax: unary('Softmax', ['opset']),
};

/**
 * Writes integer operators as float operators between DequantizeLinear and QuantizeLinear: the inverse of `qdqToQOperator`, so that
 * `readQdq` reads such files too.
 *
 * @throws {ExportError} for a quantized operator it does not know, and for scales that are no initializers
 */
export function qOperatorToQdq(source: Model): Model {
  const edit = editGraph(nameNodes.run(source).model);
  const codes = new Map<string, QuantizedValue>();
  for (const node of edit.nodes()) {
    const [first = ''] = node.input;
    const moved = codes.get(first);
    if (node.opType === 'QuantizeLinear') rememberResult(node, node.input[1] ?? '', node.input[2] ?? '', codes);
    if (moved !== undefined && node.opType === 'Clip') rememberResult(node, moved.scale, moved.zeroPoint, codes);
    if (moved !== undefined && movesCodes(node)) expandMover(node, moved, codes, edit);
    const reading = node.opType === 'QLinearConcat' ? concatReading(node) : readings[node.opType];
    if (reading !== undefined) expand(node, reading, codes, edit);
    else if (/^QLinear|^QGemm$|^QAttention$|Integer$/.test(node.opType)) throw unknown(node);
  }
  return edit.finish();
}

/** QLinearConcat: Y_scale, Y_zero_point, then X, scale, zero point of each input. */
function concatReading(node: Node): Reading {
  const count = Math.floor((node.input.length - 2) / 3);
  return { opType: 'Concat', operands: Array.from({ length: count }, (_, i) => triple(2 + 3 * i)), result: 0 };
}

function expand(node: Node, reading: Reading, codes: Map<string, QuantizedValue>, edit: GraphEditor): void {
  const { name, input, output, attribute } = node;
  const at = (position: number): string => input[position] ?? '';
  const leading = input.slice(0, reading.leading ?? 0);
  const values = reading.operands.map(
    ([codes, scale, zeroPoint]): QuantizedValue => ({ codes: at(codes), scale: at(scale), zeroPoint: at(zeroPoint) }),
  );
  const inputs = [
    ...leading,
    ...values.map((value, i) => dequantized(value, edit, i === 1 ? reading.weightAxis?.(node) : undefined)),
  ];
  const bias = reading.bias === undefined ? '' : at(reading.bias);
  if (bias !== '') inputs.push(dequantizedBias(node, bias, values, edit));
  const scale = reading.result === undefined ? '' : at(reading.result);
  const attributes = attribute.filter((item: Attribute) => !(reading.dropped ?? []).includes(item.name));
  edit.removeNode(node);
  const [result = ''] = output;
  if (scale === '') {
    edit.addNode({ opType: reading.opType, name, inputs, outputs: [result], attributes });
    return;
  }
  const real = edit.uniqueName(`${result}_real`);
  edit.addNode({ opType: reading.opType, name, inputs, outputs: [real], attributes });
  const zeroPoint = at((reading.result ?? 0) + 1);
  codes.set(result, { codes: result, scale, zeroPoint });
  const parameters = [scale, ...(zeroPoint === '' ? [] : [zeroPoint])];
  edit.addNode({
    opType: 'QuantizeLinear',
    name: edit.uniqueNodeName(`${name}_QuantizeLinear`),
    inputs: [real, ...parameters],
    outputs: [result],
  });
}

function rememberResult(node: Node, scale: string, zeroPoint: string, codes: Map<string, QuantizedValue>): void {
  const [result = ''] = node.output;
  codes.set(result, { codes: result, scale, zeroPoint });
}

/** An operator that moves codes: the same on real numbers between a pair of equal parameters. */
function expandMover(node: Node, value: QuantizedValue, codes: Map<string, QuantizedValue>, edit: GraphEditor): void {
  const { opType, name, domain, attribute: attributes, input, output } = node;
  edit.removeNode(node);
  const outputs = output.map((result) => (result === '' ? '' : edit.uniqueName(`${result}_real`)));
  const inputs = [dequantized({ ...value, codes: input[0] ?? '' }, edit), ...input.slice(1)];
  edit.addNode({ opType, name, domain, attributes, inputs, outputs });
  const parameters = [value.scale, ...(value.zeroPoint === '' ? [] : [value.zeroPoint])];
  output.forEach((result, i) => {
    if (result === '') return;
    codes.set(result, { ...value, codes: result });
    const quantizer = edit.uniqueNodeName(`${name}_QuantizeLinear`);
    edit.addNode({
      opType: 'QuantizeLinear',
      name: quantizer,
      inputs: [outputs[i] ?? '', ...parameters],
      outputs: [result],
    });
  });
}

function dequantized({ codes, scale, zeroPoint }: QuantizedValue, edit: GraphEditor, axis?: number): string {
  const real = edit.uniqueName(`${codes}_DequantizeLinear_Output`);
  edit.addNode({
    opType: 'DequantizeLinear',
    name: edit.uniqueNodeName(`${codes}_DequantizeLinear`),
    inputs: [codes, scale, ...(zeroPoint === '' ? [] : [zeroPoint])],
    outputs: [real],
    attributes: axis === undefined ? [] : [intAttribute('axis', axis)],
  });
  return real;
}

function dequantizedBias(node: Node, bias: string, [x, w]: readonly QuantizedValue[], edit: GraphEditor): string {
  const [scaleX, scaleW] = [edit.initializer(x?.scale ?? ''), edit.initializer(w?.scale ?? '')];
  if (scaleX === undefined || scaleW === undefined) {
    throw new ExportError({
      operation: `[export] qOperatorToQdq "${node.name}"`,
      expected: 'scales as initializers',
      received: 'scales computed at run time',
    });
  }
  const [sx = 1] = tensorToFloat32(scaleX);
  const scales = tensorToFloat32(scaleW).map((s) => Math.fround(sx * s));
  const isSingle = scales.length === 1;
  const [scale, zeroPoint] = [edit.uniqueName(`${bias}_scale`), edit.uniqueName(`${bias}_zero_point`)];
  const dims = isSingle ? [] : [scales.length];
  edit.addInitializer(tensorFromArray(scale, DataType.FLOAT, dims, scales));
  edit.addInitializer(tensorFromArray(zeroPoint, DataType.INT32, dims, new Int32Array(scales.length)));
  return dequantized({ codes: bias, scale, zeroPoint }, edit, isSingle ? undefined : 0);
}

function unknown(node: Node): ExportError {
  return new ExportError({
    operation: `[export] qOperatorToQdq "${node.name}"`,
    expected: `an integer operator of ${Object.keys(readings).join(', ')}, QLinearConcat`,
    received: node.opType,
  });
}
