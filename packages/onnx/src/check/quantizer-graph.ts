import { type GraphIndex, graphIndex } from '../graph/graph-index';
import { opsetVersion } from '../graph/opset-version';
import type { Node, Tensor } from '../message/types';
import type { Dim } from '../shape/dim';
import { createContext } from '../shape/infer-graph';
import { isExternal } from '../tensor/tensor-payload';
import { tensorToArray } from '../tensor/tensor-to-array';
import { tensorToFloat32 } from '../tensor/tensor-to-float32';
import type { QuantizationContext } from './finding';

/** A QuantizeLinear or DequantizeLinear with its parameters as far as they are constant. */
export interface Quantizer {
  readonly node: Node;
  readonly label: string;
  readonly kind: 'quantize' | 'dequantize';
  readonly input: string;
  readonly output: string;
  /** Type of the quantized side; 0 when unknown. */
  readonly quantizedType: number;
  /** Sizes of the real and quantized value. */
  readonly dims: readonly Dim[] | undefined;
  readonly scale: Tensor | undefined;
  readonly scales: Float32Array | undefined;
  readonly zeroPoint: Tensor | undefined;
  /** Zero points as numbers; undefined when left out or not constant. */
  readonly zeroPoints: readonly number[] | undefined;
  readonly hasZeroPoint: boolean;
  readonly axis: number;
  readonly blockSize: number;
}

/** The quantizers of a main graph and lookups around them. */
export interface QuantizerGraph {
  readonly index: GraphIndex;
  readonly quantizers: readonly Quantizer[];
  /** Quantizer that a node is; undefined for other nodes. */
  of(node: Node | undefined): Quantizer | undefined;
  /** DequantizeLinear that produces `name`. */
  before(name: string): Quantizer | undefined;
  /** Constant behind a name: an initializer that is no graph input, or a Constant node. */
  constant(name: string): Tensor | undefined;
}

const isQuantizer = (node: Node): boolean =>
  (node.opType === 'QuantizeLinear' || node.opType === 'DequantizeLinear') &&
  (node.domain === '' || node.domain === 'ai.onnx' || node.domain === 'com.microsoft');

/** Reads every quantizer of the main graph. */
export const quantizerGraph = ({ model, graph, inference, options, label }: QuantizationContext): QuantizerGraph => {
  const index = graphIndex(graph);
  const constant = (name: string): Tensor | undefined => {
    const tensor = index.initializer(name);
    if (tensor !== undefined) return graph.input.some((input) => input.name === name) ? undefined : tensor;
    const producer = index.producer(name);
    return producer?.opType === 'Constant' ? producer.attribute.find((a) => a.name === 'value')?.t : undefined;
  };
  const isReadable = (tensor: Tensor | undefined): tensor is Tensor =>
    tensor !== undefined && (!isExternal(tensor) || options.readExternal !== undefined);
  const read = (node: Node): Quantizer => {
    const context = createContext(node, opsetVersion(model, node.domain) || 1, inference, () => []);
    const [input = '', scaleName = '', zeroPointName = ''] = node.input;
    const kind = node.opType === 'QuantizeLinear' ? 'quantize' : 'dequantize';
    const scale = constant(scaleName);
    const zeroPoint = zeroPointName === '' ? undefined : constant(zeroPointName);
    const quantized = kind === 'quantize' ? (node.output[0] ?? '') : input;
    return {
      node,
      label: label(node),
      kind,
      input,
      output: node.output[0] ?? '',
      quantizedType: inference.types.get(quantized)?.dataType ?? 0,
      dims: inference.types.get(input)?.dims,
      scale,
      scales: isReadable(scale) ? tensorToFloat32(scale, options.readExternal) : undefined,
      zeroPoint,
      zeroPoints: isReadable(zeroPoint)
        ? Array.from(tensorToArray(zeroPoint, options.readExternal) as ArrayLike<number | bigint>, Number)
        : undefined,
      hasZeroPoint: zeroPointName !== '',
      axis: context.int('axis') ?? 1,
      blockSize: context.int('block_size') ?? 0,
    };
  };
  const byNode = new Map(index.nodes.filter(isQuantizer).map((node) => [node, read(node)]));
  const of = (node: Node | undefined): Quantizer | undefined => (node === undefined ? undefined : byNode.get(node));
  return {
    index,
    quantizers: [...byNode.values()],
    of,
    before: (name) => {
      const quantizer = of(index.producer(name));
      return quantizer?.kind === 'dequantize' ? quantizer : undefined;
    },
    constant,
  };
};

/** Whether two quantizers map the same integers to the same reals; false when parameters are unknown and differently named. */
export const haveSameParameters = (a: Quantizer, b: Quantizer): boolean => {
  const isSameName = a.node.input[1] === b.node.input[1] && (a.node.input[2] ?? '') === (b.node.input[2] ?? '');
  const isPerTensor = a.scales?.length === 1 && b.scales?.length === 1;
  if (a.blockSize !== b.blockSize || (!isPerTensor && a.axis !== b.axis)) return false;
  if (isSameName) return true;
  if (a.scales === undefined || b.scales === undefined || a.scales.length !== b.scales.length) return false;
  const zeros = (q: Quantizer): readonly number[] => q.zeroPoints ?? Array.from(q.scales ?? [], () => 0);
  const [left, right] = [zeros(a), zeros(b)];
  return a.scales.every((scale, i) => scale === b.scales?.[i]) && left.every((zero, i) => zero === right[i]);
};
