import {
  findDataType,
  getInt,
  type Node,
  tensorToArray,
  tensorToBytes,
  tensorToFloat32,
  unpackBits,
} from '@bitwright/onnx';
import { integerWeights, isWeighted } from './operator-types';
import type { Flow, FlowOperator } from './quantity';
import { storedTensor } from './weight-shape';

/** A weight in few bits as a model stores it: codes and the grid of every element. */
export interface QuantizedWeight {
  readonly name: string;
  /** Element type of the codes: `int8`, `uint4`, … */
  readonly dtype: string;
  readonly bits: number;
  readonly granularity: 'perTensor' | 'perAxis' | 'perGroup';
  readonly shape: readonly number[];
  /** Axis of the output channels. */
  readonly channelAxis: number;
  readonly qmin: number;
  readonly qmax: number;
  /** Codes, or decoded values of a float format. */
  readonly codes: ArrayLike<number>;
  readonly scaleOf: (element: number) => number;
  readonly zeroPointOf: (element: number) => number;
}

/** A weight as float numbers. */
export interface FloatWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly channelAxis: number;
  readonly values: Float32Array;
}

/** The low-bit weight of an operator; undefined when it has none, or one in a format that is not read here. */
export function readQuantizedWeight(operator: FlowOperator, flow: Flow): QuantizedWeight | undefined {
  const { node } = operator;
  if (!isWeighted(operator.kind)) return undefined;
  if (node.opType === 'MatMulNBits') return readBlocks(node, flow);
  const positions = integerWeights.get(node.opType);
  if (positions !== undefined) {
    const input = (at: number | undefined): string => (at === undefined ? '' : (node.input[at] ?? ''));
    const scale = positions.scale === undefined ? laterScale(operator, flow) : input(positions.scale);
    const axis = node.opType === 'QGemm' && getInt(node, 'transB', 0) === 0 ? 1 : positions.axis;
    return readAffine(input(positions.codes), scale, input(positions.zeroPoint), axis, undefined, axis, flow);
  }
  for (const name of node.input) {
    const source = flow.constantProducer(name);
    if (source?.opType !== 'DequantizeLinear') continue;
    const [codes = '', scale = '', zeroPoint = ''] = source.input;
    const shape = flow.initializer(codes)?.dims;
    if (shape === undefined || shape.length < 2) continue;
    const block = getInt(source, 'block_size', 0);
    return readAffine(codes, scale, zeroPoint, getInt(source, 'axis', 1), block, channelAxis(node), flow);
  }
  return undefined;
}

/** The float weight of an operator; undefined when it has none. */
export function readFloatWeight(operator: FlowOperator, flow: Flow): FloatWeight | undefined {
  const { node } = operator;
  if (!isWeighted(operator.kind)) return undefined;
  for (const name of node.input) {
    const tensor = flow.initializer(name) ?? constantTensor(flow.constantProducer(name));
    if (tensor === undefined || tensor.dims.length < 2) continue;
    const kind = findDataType(tensor.dataType)?.kind;
    if (kind !== 'float') continue;
    const shape = tensor.dims.map(Number);
    return { name, shape, channelAxis: axisOf(channelAxis(node), shape), values: tensorToFloat32(tensor) };
  }
  return undefined;
}

/** Calls back for every element with its place in the matrix [output channels, rest]. */
export function forEachInMatrix(
  shape: readonly number[],
  axis: number,
  visit: (element: number, row: number, column: number) => void,
): void {
  const rows = shape[axis] ?? 1;
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
  const inner = product(shape.slice(axis + 1));
  const outer = product(shape.slice(0, axis));
  let element = 0;
  for (let o = 0; o < outer; o++) {
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < inner; i++) visit(element++, row, o * inner + i);
    }
  }
}

// — internals —

/** Axis of the output channels in the weight of a float operator; -1 is the last. */
function channelAxis(node: Node): number {
  if (node.opType === 'Gemm') return getInt(node, 'transB', 0) === 1 ? 0 : 1;
  if (node.opType === 'ConvTranspose') return 1;
  return node.opType === 'MatMul' || node.opType === 'FusedMatMul' ? -1 : 0;
}

function axisOf(axis: number, shape: readonly number[]): number {
  return axis < 0 ? shape.length + axis : axis;
}

function constantTensor(node: Node | undefined): ReturnType<Flow['initializer']> {
  return node?.opType === 'Constant' ? node.attribute.find((attribute) => attribute.name === 'value')?.t : undefined;
}

/** Dynamic quantization multiplies by scale(x) · scale(w) behind the integer product: the constant factor is scale(w). */
function laterScale(operator: FlowOperator, flow: Flow): string {
  for (const name of operator.outputs.flatMap((output) => flow.producerNode(output.id)?.input ?? [])) {
    const factors = flow.producerNode(name);
    if (factors?.opType !== 'Mul') continue;
    const found = factors.input.find((factor) => flow.initializer(factor) !== undefined);
    if (found !== undefined) return found;
  }
  return '';
}

function readAffine(
  codesName: string,
  scaleName: string,
  zeroPointName: string,
  scaleAxis: number,
  block: number | undefined,
  outputAxis: number,
  flow: Flow,
): QuantizedWeight | undefined {
  const tensor = storedTensor(codesName, flow);
  const scaleTensor = flow.initializer(scaleName);
  const info = findDataType(tensor?.dataType ?? 0);
  if (tensor === undefined || scaleTensor === undefined || info === undefined) return undefined;
  const shape = tensor.dims.map(Number);
  const isInteger = info.kind === 'int' || info.kind === 'uint';
  const scale = tensorToFloat32(scaleTensor);
  const zeroPointTensor = flow.initializer(zeroPointName);
  const zeroPoint = zeroPointTensor === undefined || !isInteger ? undefined : tensorToFloat32(zeroPointTensor);
  const axis = axisOf(scaleAxis, shape);
  const size = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const blocks = block === undefined || block === 0 ? undefined : Math.ceil(size / block);
  const group = (element: number): number => {
    if (scale.length === 1) return 0;
    const at = Math.floor(element / inner) % size;
    if (blocks === undefined || block === undefined) return at;
    return (Math.floor(element / (inner * size)) * blocks + Math.floor(at / block)) * inner + (element % inner);
  };
  const span = 2 ** info.bits;
  return {
    name: codesName,
    dtype: info.name,
    bits: info.bits,
    granularity: scale.length === 1 ? 'perTensor' : blocks === undefined ? 'perAxis' : 'perGroup',
    shape,
    channelAxis: axisOf(outputAxis, shape),
    qmin: info.kind === 'int' ? -span / 2 : 0,
    qmax: info.kind === 'int' ? span / 2 - 1 : span - 1,
    codes: isInteger ? (tensorToArray(tensor) as ArrayLike<number>) : tensorToFloat32(tensor),
    scaleOf: (element) => scale[group(element)] ?? Number.NaN,
    zeroPointOf: (element) =>
      zeroPoint === undefined ? 0 : (zeroPoint[zeroPoint.length === 1 ? 0 : group(element)] ?? 0),
  };
}

/** Blocks of MatMulNBits: codes [N, blocks, blockSize·bits/8] bytes, scales [N, blocks]. */
function readBlocks(node: Node, flow: Flow): QuantizedWeight | undefined {
  const [, codesName = '', scaleName = '', zeroPointName = '', groupIndex = ''] = node.input;
  const [rows, columns, block, bits] = ['N', 'K', 'block_size', 'bits'].map((name) => getInt(node, name, 4));
  const tensor = storedTensor(codesName, flow);
  const scaleTensor = flow.initializer(scaleName);
  const isReadable = bits === 2 || bits === 4 || bits === 8;
  if (tensor === undefined || scaleTensor === undefined || !isReadable || groupIndex !== '') return undefined;
  if (rows === undefined || columns === undefined || block === undefined) return undefined;
  const unpack = (bytes: Uint8Array, count: number): Uint8Array =>
    bits === 8 ? bytes : (unpackBits(bytes, count, bits, false) as Uint8Array);
  const blocks = Math.ceil(columns / block);
  const padded = unpack(tensorToBytes(tensor), rows * blocks * block);
  const codes = new Uint8Array(rows * columns);
  for (let n = 0; n < rows; n++) {
    codes.set(padded.subarray(n * blocks * block, n * blocks * block + columns), n * columns);
  }
  const scale = tensorToFloat32(scaleTensor);
  const group = (element: number): number =>
    Math.floor(element / columns) * blocks + Math.floor((element % columns) / block);
  const zeroPoint = blockZeroPoints(zeroPointName, rows, blocks, unpack, flow);
  return {
    name: codesName,
    dtype: `uint${bits}`,
    bits,
    granularity: 'perGroup',
    shape: [rows, columns],
    channelAxis: 0,
    qmin: 0,
    qmax: 2 ** bits - 1,
    codes,
    scaleOf: (element) => scale[group(element)] ?? Number.NaN,
    zeroPointOf: (element) => zeroPoint?.[group(element)] ?? 2 ** (bits - 1),
  };
}

/** Zero points packed by rows that start on whole bytes, or stored as real numbers. */
function blockZeroPoints(
  name: string,
  rows: number,
  blocks: number,
  unpack: (bytes: Uint8Array, count: number) => Uint8Array,
  flow: Flow,
): ArrayLike<number> | undefined {
  const tensor = name === '' ? undefined : storedTensor(name, flow);
  if (tensor === undefined) return undefined;
  if (findDataType(tensor.dataType)?.kind === 'float') return tensorToFloat32(tensor);
  const bytes = tensorToBytes(tensor);
  const rowBytes = bytes.length / rows;
  const values = new Uint8Array(rows * blocks);
  for (let n = 0; n < rows; n++) {
    values.set(unpack(bytes.subarray(n * rowBytes, (n + 1) * rowBytes), blocks), n * blocks);
  }
  return values;
}
