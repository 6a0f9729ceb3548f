import type { Node } from '../../message/types';
import { DataType, dataTypeName } from '../../tensor/data-type';
import type { QuantizationContext } from '../finding';
import { haveSameParameters, type Quantizer, type QuantizerGraph } from '../quantizer-graph';

/** Move or compare integers as they are: the runtime drops the quantizers around them when both sides agree. */
const passThrough: ReadonlySet<string> = new Set(
  (
    'MaxPool ReduceMax ReduceMin Reshape Flatten Transpose Squeeze Unsqueeze Slice Gather GatherElements Expand Tile ' +
    'DepthToSpace SpaceToDepth Split Resize'
  ).split(' '),
);
/** Have an integer kernel with its own output parameters. */
const computing: ReadonlySet<string> = new Set(
  'Conv MatMul Gemm Add Mul Concat AveragePool GlobalAveragePool Sigmoid LeakyRelu Softmax Where'.split(' '),
);
/** MatMul and Gemm have an integer kernel with float output; the others need a QuantizeLinear behind them. */
const needsOutputQuantizer: ReadonlySet<string> = new Set(
  'Conv Add Mul Concat AveragePool GlobalAveragePool Sigmoid LeakyRelu Softmax Where'.split(' '),
);
const wideTypes: ReadonlySet<number> = new Set([DataType.UINT16, DataType.INT16]);
const quantizedRange: ReadonlyMap<number, readonly [qmin: number, qmax: number]> = new Map<
  number,
  readonly [number, number]
>([
  [DataType.UINT8, [0, 255]],
  [DataType.INT8, [-128, 127]],
  [DataType.UINT16, [0, 65_535]],
  [DataType.INT16, [-32_768, 32_767]],
]);

/** The quantizers of all data inputs of a node; undefined when one of them is not dequantized. */
const inputQuantizers = (graph: QuantizerGraph, node: Node): readonly Quantizer[] | undefined => {
  const count =
    node.opType === 'Concat'
      ? node.input.length
      : ['Conv', 'Gemm', 'MatMul', 'Add', 'Mul'].includes(node.opType)
        ? 2
        : 1;
  const names = node.opType === 'Where' ? node.input.slice(1) : node.input.slice(0, count);
  const found = names.map((name) => graph.before(name)).filter((q) => q !== undefined);
  return found.length === names.length && found.length > 0 ? found : undefined;
};

/** What stands behind an output: its only quantizer, or why there is none. */
const outputQuantizer = (graph: QuantizerGraph, name: string): Quantizer | string => {
  if (graph.index.isOutput(name)) return 'it is a model output';
  const uses = graph.index.consumers(name);
  const [use] = uses;
  if (use === undefined) return 'nothing reads it';
  if (uses.length > 1) return `${uses.length} places read it`;
  const quantizer = graph.of(use.node);
  return quantizer?.kind === 'quantize' && use.input === 0 ? quantizer : `${use.node.opType} reads it`;
};

const onlyReader = (graph: QuantizerGraph, name: string): Node | undefined => {
  const uses = graph.index.consumers(name);
  return uses.length === 1 && !graph.index.isOutput(name) ? uses[0]?.node : undefined;
};

/** Relu and Clip vanish only when the quantizer's range makes them redundant. */
const absorptionProblem = (graph: QuantizerGraph, activation: Node, quantizer: Quantizer): string | undefined => {
  const [scale] = quantizer.scales ?? [];
  const [zero] = quantizer.zeroPoints ?? [];
  const range = quantizedRange.get(quantizer.quantizedType);
  if (scale === undefined || zero === undefined || range === undefined) return undefined;
  if (activation.opType === 'Relu') {
    return zero === range[0]
      ? undefined
      : `zero point ${range[0]} (${dataTypeName(quantizer.quantizedType)}), received ${zero}`;
  }
  const bound = (i: number, attribute: string): number | undefined => {
    const tensor = graph.constant(activation.input[i] ?? '');
    const [value] = tensor?.dataType === DataType.FLOAT ? (graphFloats(tensor) ?? []) : [];
    return value ?? activation.attribute.find((a) => a.name === attribute)?.f;
  };
  const low = bound(1, 'min') ?? Number.NEGATIVE_INFINITY;
  const high = bound(2, 'max') ?? Number.POSITIVE_INFINITY;
  const from = Math.fround(scale * (range[0] - zero));
  const to = Math.fround(scale * (range[1] - zero));
  const slack = scale * 1e-3;
  if (low <= from + slack && high >= to - slack) return undefined;
  return `a quantized range inside [${low}, ${high}], received [${from}, ${to}]`;
};

const graphFloats = (tensor: {
  readonly floatData: readonly number[];
  readonly rawData: Uint8Array;
}): readonly number[] | undefined => {
  if (tensor.floatData.length > 0) return tensor.floatData;
  const { rawData } = tensor;
  if (rawData.byteLength !== 4) return undefined;
  return [new DataView(rawData.buffer, rawData.byteOffset, 4).getFloat32(0, true)];
};

const checkComputing = (graph: QuantizerGraph, node: Node, context: QuantizationContext): void => {
  const { report } = context;
  const inputs = inputQuantizers(graph, node);
  if (inputs === undefined) return;
  const label = context.label(node);
  const at = { node: label };
  const [output = ''] = node.output;
  const wide = inputs.find((q) => wideTypes.has(q.quantizedType));
  if (wide !== undefined) {
    report.warn(
      'sixteen-bit',
      `expected 8-bit inputs for ${node.opType} "${label}": 16-bit ones stay in float, received ${dataTypeName(wide.quantizedType)}`,
      at,
    );
  }
  let quantizer = outputQuantizer(graph, output);
  const next = onlyReader(graph, output);
  const isActivation = next !== undefined && (next.opType === 'Relu' || next.opType === 'Clip');
  if (typeof quantizer === 'string' && isActivation) {
    const behind = outputQuantizer(graph, next.output[0] ?? '');
    if (typeof behind !== 'string') {
      const problem = absorptionProblem(graph, next, behind);
      if (problem !== undefined) {
        const message = `expected the quantizer "${behind.label}" to make ${next.opType} "${context.label(next)}" redundant with ${problem}`;
        report.warn('activation-not-absorbed', `${message}. ${node.opType} "${label}" stays in float.`, at);
      }
      quantizer = behind;
    }
  }
  if (typeof quantizer === 'string') {
    if (needsOutputQuantizer.has(node.opType)) {
      report.warn(
        'output-not-quantized',
        `expected exactly one QuantizeLinear behind ${node.opType} "${label}": ${quantizer}, so it stays in float`,
        at,
      );
    }
    return;
  }
  const activations =
    node.opType === 'Conv' || node.opType === 'Gemm' || node.opType === 'MatMul' ? inputs.slice(0, 1) : inputs;
  const types = new Set([...activations, quantizer].map((q) => q.quantizedType));
  if (types.size > 1) {
    const names = [...types].map(dataTypeName).join(', ');
    report.warn(
      'mixed-types',
      `expected one quantized type on all sides of ${node.opType} "${label}", received ${names}`,
      at,
    );
  }
  const after = graph.index.consumers(quantizer.output).map((use) => graph.of(use.node));
  const readers = after.flatMap((dq) =>
    dq === undefined ? [] : graph.index.consumers(dq.output).map((use) => use.node),
  );
  if (node.opType === 'Conv' && readers.length === 1 && readers[0]?.opType === 'Relu') {
    report.warn(
      'quantizer-before-relu',
      `expected quantizers behind Relu "${context.label(readers[0])}" only, received a pair between it and Conv "${label}"`,
      at,
    );
  }
};

const checkPassThrough = (graph: QuantizerGraph, node: Node, context: QuantizationContext): void => {
  const { report, opset } = context;
  const before = graph.before(node.input[0] ?? '');
  if (before === undefined) return;
  const label = context.label(node);
  if (node.opType === 'MaxPool' && opset < 12) {
    report.warn(
      'max-pool-opset',
      `expected opset 12 or newer for the quantized MaxPool "${label}", received ${opset}`,
      { node: label },
    );
  }
  for (const name of node.output) {
    const after = name === '' ? undefined : outputQuantizer(graph, name);
    if (after === undefined || typeof after === 'string' || haveSameParameters(before, after)) continue;
    const message = `expected ${node.opType} "${label}" to keep scale and zero point of "${before.label}"`;
    report.warn('pass-through-parameters', `${message}, received others in "${after.label}": it stays in float`, {
      node: label,
      tensor: name,
    });
  }
};

/** int8 activations that several nodes read stop onnxruntime on x86 from fusing any of them. */
const checkSignedFanOut = (graph: QuantizerGraph, { report }: QuantizationContext): void => {
  for (const q of graph.quantizers) {
    if (q.kind !== 'quantize' || q.quantizedType !== DataType.INT8) continue;
    const dequantizers = graph.index.consumers(q.output);
    const readers = dequantizers.flatMap((use) => graph.index.consumers(graph.of(use.node)?.output ?? ''));
    if (readers.length <= 1) continue;
    const message = `expected uint8 for a quantized activation with ${readers.length} readers`;
    report.warn('int8-fan-out', `${message}, received int8 from "${q.label}": its readers stay in float`, {
      node: q.label,
      tensor: q.output,
    });
  }
};

/** What keeps onnxruntime on x86 from running quantized operators on its integer kernels. */
export const checkOnnxruntime = (graph: QuantizerGraph, context: QuantizationContext): void => {
  for (const node of graph.index.nodes) {
    if (node.domain !== '' && node.domain !== 'ai.onnx') continue;
    if (computing.has(node.opType)) checkComputing(graph, node, context);
    if (passThrough.has(node.opType)) checkPassThrough(graph, node, context);
  }
  checkSignedFanOut(graph, context);
};
