import type { Node } from '../../message/types';
import { dataTypeName } from '../../tensor/data-type';
import { isExternal } from '../../tensor/tensor-payload';
import { tensorToFloat32 } from '../../tensor/tensor-to-float32';
import type { CheckContext, QuantizationContext } from '../finding';
import { haveSameParameters, type Quantizer, type QuantizerGraph } from '../quantizer-graph';

/** Smallest normal float32; smaller scales lose precision or flush to zero. */
const smallestScale = 2 ** -126;
/** Below this a scale is legal but hardly meant. */
const suspiciousScale = 2 ** -40;

const checkScales = (
  scales: Float32Array,
  name: string,
  owner: string,
  node: string,
  { report }: CheckContext,
): void => {
  const at = { node, tensor: name };
  const bad = scales.findIndex((scale) => !(Number.isFinite(scale) && scale >= smallestScale));
  if (bad >= 0) {
    report.error(
      'scale-invalid',
      `expected scale "${name}" of ${owner} to be finite and at least 2^-126, received ${scales[bad]} at index ${bad}`,
      at,
    );
    return;
  }
  const tiny = scales.findIndex((scale) => scale < suspiciousScale);
  if (tiny >= 0)
    report.warn(
      'scale-tiny',
      `expected scale "${name}" of ${owner} above 2^-40, received ${scales[tiny]} at index ${tiny}`,
      at,
    );
};

const formatShape = (dims: readonly (bigint | number | string | undefined)[]): string =>
  `[${dims.map((d) => d ?? '?').join(',')}]`;

/** Shape of the scale against the data: scalar, one per index of the axis, or one per block. */
const checkScaleShape = (q: Quantizer, opset: number, { report }: CheckContext): void => {
  const { scale, dims, blockSize } = q;
  if (scale === undefined) return;
  const owner = `${q.node.opType} "${q.label}"`;
  const at = { node: q.label, tensor: scale.name };
  const count = scale.dims.reduce((product, dim) => product * dim, 1n);
  const isPerTensor = scale.dims.length === 0 || (blockSize === 0 && scale.dims.length === 1 && count === 1n);
  if (isPerTensor) {
    if (blockSize !== 0) report.error('block-shape', `expected a scale per block for ${owner}, received a scalar`, at);
    return;
  }
  if (dims === undefined) return;
  const axis = q.axis < 0 ? q.axis + dims.length : q.axis;
  if (axis < 0 || axis >= dims.length) {
    report.error('axis-range', `expected axis of ${owner} within rank ${dims.length}, received ${q.axis}`, at);
    return;
  }
  const size = dims[axis];
  if (blockSize === 0) {
    if (scale.dims.length !== 1 || (typeof size === 'number' && BigInt(size) !== count)) {
      report.error(
        'scale-length',
        `expected ${size ?? '?'} scales for axis ${axis} of ${owner} (data ${formatShape(dims)}), received ${formatShape(scale.dims)}`,
        at,
      );
    }
    return;
  }
  if (opset < 21)
    report.error('block-shape', `expected opset 21 or newer for block_size of ${owner}, received ${opset}`, at);
  const expected = dims.map((dim, i) => (i === axis && typeof dim === 'number' ? Math.ceil(dim / blockSize) : dim));
  const fits =
    scale.dims.length === expected.length &&
    expected.every((dim, i) => typeof dim !== 'number' || scale.dims[i] === BigInt(dim));
  if (blockSize < 0 || !fits) {
    report.error(
      'block-shape',
      `expected scale ${formatShape(expected)} for block_size ${blockSize} of ${owner}, received ${formatShape(scale.dims)}`,
      at,
    );
  }
};

const checkZeroPoint = (q: Quantizer, { profile, report }: CheckContext): void => {
  const owner = `${q.node.opType} "${q.label}"`;
  const at = { node: q.label, tensor: q.node.input[2] ?? q.output };
  if (!q.hasZeroPoint) {
    const message = `expected an explicit zero point for ${owner}, received none`;
    if (profile === 'ort-x86')
      report.error('zero-point-missing', `${message}. onnxruntime refuses some graphs without it.`, at);
    else report.warn('zero-point-missing', message, at);
    return;
  }
  if (q.scale === undefined || q.zeroPoint === undefined) {
    const missing = q.scale === undefined ? 'scale' : 'zero point';
    report.warn(
      'parameters-not-constant',
      `expected a constant ${missing} for ${owner}: runtimes fuse nothing else`,
      at,
    );
    return;
  }
  const areSame =
    q.scale.dims.length === q.zeroPoint.dims.length && q.scale.dims.every((dim, i) => dim === q.zeroPoint?.dims[i]);
  if (!areSame) {
    report.error(
      'zero-point-shape',
      `expected zero point of ${owner} to have the shape of its scale ${formatShape(q.scale.dims)}, received ${formatShape(q.zeroPoint.dims)}`,
      at,
    );
  }
  const declared = Number(q.node.attribute.find((a) => a.name === 'output_dtype')?.i ?? 0n);
  const expected = q.kind === 'dequantize' ? q.quantizedType : declared;
  if (expected !== 0 && q.zeroPoint.dataType !== expected) {
    report.error(
      'zero-point-type',
      `expected zero point of ${owner} to be ${dataTypeName(expected)}, received ${dataTypeName(q.zeroPoint.dataType)}`,
      at,
    );
  }
};

/** Positions of the scales among the inputs of operators that take them directly. */
const scalePositions: Readonly<Record<string, readonly number[]>> = {
  QLinearConv: [1, 4, 6],
  QLinearMatMul: [1, 4, 6],
  QLinearAdd: [1, 4, 6],
  QLinearMul: [1, 4, 6],
  QLinearWhere: [2, 5, 7],
  QGemm: [1, 4, 7],
  QLinearAveragePool: [1, 3],
  QLinearGlobalAveragePool: [1, 3],
  QLinearSigmoid: [1, 3],
  QLinearLeakyRelu: [1, 3],
  QLinearSoftmax: [1, 3],
  QLinearReduceMean: [1, 3],
  MatMulIntegerToFloat: [2, 3],
  DynamicQuantizeMatMul: [2],
};

const scaleInputs = (node: Node): readonly number[] => {
  if (node.opType !== 'QLinearConcat') return scalePositions[node.opType] ?? [];
  return [0, ...Array.from({ length: Math.floor((node.input.length - 2) / 3) }, (_, i) => 3 + 3 * i)];
};

/** QuantizeLinear followed directly by DequantizeLinear must come back to where it started. */
const checkPairs = (graph: QuantizerGraph, { report }: CheckContext): void => {
  for (const q of graph.quantizers) {
    if (q.kind !== 'quantize') continue;
    for (const use of graph.index.consumers(q.output)) {
      const next = graph.of(use.node);
      if (next?.kind !== 'dequantize' || use.input !== 0 || haveSameParameters(q, next)) continue;
      const message = `expected DequantizeLinear "${next.label}" to use the scale and zero point of QuantizeLinear "${q.label}" before it`;
      report.error('qdq-parameters', `${message}, received others`, { node: next.label, tensor: q.output });
    }
  }
};

/** Rules about quantizers that hold for every ONNX runtime. */
export const checkQuantizers = (graph: QuantizerGraph, context: QuantizationContext): void => {
  for (const q of graph.quantizers) {
    const owner = `${q.node.opType} "${q.label}"`;
    if (q.scales !== undefined) checkScales(q.scales, q.node.input[1] ?? '', owner, q.label, context);
    checkScaleShape(q, context.opset, context);
    checkZeroPoint(q, context);
  }
  for (const node of graph.index.nodes) {
    for (const i of scaleInputs(node)) {
      const name = node.input[i] ?? '';
      const tensor = name === '' ? undefined : graph.constant(name);
      if (tensor === undefined || isExternal(tensor)) continue;
      checkScales(
        tensorToFloat32(tensor),
        name,
        `${node.opType} "${context.label(node)}"`,
        context.label(node),
        context,
      );
    }
  }
  checkPairs(graph, context);
};
