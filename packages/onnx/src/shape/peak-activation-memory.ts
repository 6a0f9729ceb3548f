import { nodeLabel } from '../graph/body-graphs';
import { type GraphIndex, graphIndex } from '../graph/graph-index';
import type { Model, Node } from '../message/types';
import { findDataType } from '../tensor/data-type';
import { staticDims } from './dim';
import { elementCount } from './element-map';
import { type InputShapes, inferShapes } from './infer-shapes';

/** Options of `peakActivationMemory`. */
export interface PeakActivationMemoryOptions {
  /**
   * Whether the runtime fuses DequantizeLinear → operator → QuantizeLinear into one integer operator, so that the float
   * values in between never exist: `true` for every operator, or the set of operator types that it has integer kernels
   * for. Default false: every value counts as written in the graph.
   */
  readonly fused?: boolean | ReadonlySet<string>;
}

/** Live activations while one node runs. */
export interface MemoryStep {
  readonly node: string;
  readonly opType: string;
  readonly bytes: number;
}

/** Live activations over one run. */
export interface ActivationMemory {
  /** Largest sum of live bytes over all nodes. */
  readonly peakBytes: number;
  /** Label of the node where it occurs; '' for a graph without nodes. */
  readonly atNode: string;
  /** One step per node, in execution order. */
  readonly timeline: readonly MemoryStep[];
  /** Values whose size is not known and that are missing in the sums. */
  readonly unknown: readonly string[];
}

/** Their output is a view of their first input in every runtime: same bytes, new shape. */
const viewOperators: ReadonlySet<string> = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity']);
/** Activations a runtime absorbs into the operator before them when a QuantizeLinear follows. */
const absorbedOperators: ReadonlySet<string> = new Set(['Relu', 'Clip']);

/** Values that share one piece of memory. */
interface Block {
  bytes: number;
  first: number;
  last: number;
}

/** Values that do not depend on any model input: weights and what is computed from them. */
const constantValues = (index: GraphIndex): ReadonlySet<string> => {
  const constant = new Set<string>([...index.graph.initializer.map((tensor) => tensor.name)]);
  for (const info of index.inputs) constant.delete(info.name);
  for (const node of index.nodes) {
    const given = node.input.filter((name) => name !== '');
    const isConstant = node.opType === 'Constant' || (given.length > 0 && given.every((name) => constant.has(name)));
    if (isConstant) for (const name of node.output) constant.add(name);
  }
  return constant;
};

/** The single QuantizeLinear that is all that reads `name`, directly or behind one Relu or Clip; undefined otherwise. */
const quantizerAfter = (index: GraphIndex, name: string, mayAbsorb = true): Node | undefined => {
  const [use, ...others] = index.consumers(name);
  if (use === undefined || others.length > 0 || index.isOutput(name) || use.scope !== '' || use.input !== 0)
    return undefined;
  if (use.node.opType === 'QuantizeLinear') return use.node;
  if (!mayAbsorb || !absorbedOperators.has(use.node.opType)) return undefined;
  return quantizerAfter(index, use.node.output[0] ?? '', false);
};

/** Decides which values share memory because one integer kernel replaces the operators between them. */
const fusedPartners = (
  index: GraphIndex,
  fused: boolean | ReadonlySet<string>,
  constants: ReadonlySet<string>,
): Map<string, string> => {
  const partner = new Map<string, string>();
  if (fused === false) return partner;
  const hasKernel = (node: Node): boolean => fused === true || fused.has(node.opType);
  const isInteger = (node: Node): boolean => {
    if (!hasKernel(node) || node.opType === 'QuantizeLinear') return false;
    const data = node.input.filter((name) => name !== '' && !constants.has(name));
    return data.length > 0 && data.every((name) => index.producer(name)?.opType === 'DequantizeLinear');
  };
  for (const node of index.nodes) {
    if (node.opType === 'DequantizeLinear') {
      const [input = ''] = node.input;
      const [output = ''] = node.output;
      const readers = index.consumers(output);
      if (
        !index.isOutput(output) &&
        readers.length > 0 &&
        readers.every((use) => use.scope === '' && isInteger(use.node))
      ) {
        partner.set(output, input);
      }
      continue;
    }
    if (!isInteger(node)) continue;
    for (const name of node.output) {
      const quantizer = quantizerAfter(index, name);
      if (quantizer === undefined) continue;
      partner.set(name, quantizer.output[0] ?? '');
      const [next] = index.consumers(name);
      if (next !== undefined && next.node !== quantizer)
        partner.set(next.node.output[0] ?? '', quantizer.output[0] ?? '');
    }
  }
  return partner;
};

/**
 * Plans the activation memory of one run of the main graph in topological order.
 *
 * Rules: a model input is live from the start to its last reader, a node's outputs from that node to their last reader,
 * a model output to the end; while a node runs, its inputs and outputs are live together (no in-place reuse). Reshape,
 * Flatten, Squeeze, Unsqueeze and Identity make views, which take no memory of their own. Weights, and values computed
 * from weights only, are not activations. Sizes are elements · bits / 8 of the value's own type. With `fused`, the
 * float side of a DequantizeLinear or QuantizeLinear around an integer operator takes no memory, a Relu or Clip before
 * the QuantizeLinear included. Scratch memory of kernels and memory inside body graphs are not counted.
 *
 * Units: bytes.
 *
 * @param shapes - sizes of model inputs that the model leaves open, e.g. `{ input: [1, 3, 224, 224] }`
 * @throws {InputDataError} when a given shape contradicts the model
 */
export const peakActivationMemory = (
  model: Model,
  shapes?: InputShapes,
  options: PeakActivationMemoryOptions = {},
): ActivationMemory => {
  if (model.graph === undefined) return { peakBytes: 0, atNode: '', timeline: [], unknown: [] };
  const index = graphIndex(model.graph);
  const inferred = inferShapes(model, { shapes });
  const constants = constantValues(index);
  const partner = fusedPartners(index, options.fused ?? false, constants);
  for (const node of index.nodes) {
    const [input = ''] = node.input;
    if (viewOperators.has(node.opType) && !constants.has(input)) partner.set(node.output[0] ?? '', input);
  }
  const rootOf = (name: string): string => {
    let root = name;
    for (let next = partner.get(root); next !== undefined && next !== root; next = partner.get(root)) root = next;
    return root;
  };
  const unknown: string[] = [];
  const bytesOf = (name: string): number => {
    const type = inferred.get(name);
    const dims = staticDims(type?.dims);
    const bits = findDataType(type?.dataType ?? 0)?.bits;
    if (dims !== undefined && bits !== undefined) return Math.ceil((elementCount(dims) * bits) / 8);
    unknown.push(name);
    return 0;
  };
  const blocks = new Map<string, Block>();
  const end = index.nodes.length - 1;
  const place = (name: string, at: number): void => {
    if (name === '' || constants.has(name)) return;
    const root = rootOf(name);
    let last = index.isOutput(name) ? end : at;
    for (const use of index.consumers(name)) last = Math.max(last, position.get(use.owner) ?? at);
    const block = blocks.get(root);
    if (block === undefined) blocks.set(root, { bytes: bytesOf(root), first: at, last });
    else {
      block.first = Math.min(block.first, at);
      block.last = Math.max(block.last, last);
    }
  };
  const position = new Map(index.nodes.map((node, i) => [node, i]));
  for (const input of index.inputs) place(input.name, 0);
  index.nodes.forEach((node, i) => {
    for (const name of node.output) {
      const isRead = index.isOutput(name) || index.consumers(name).length > 0;
      if (isRead) place(name, i);
    }
  });
  const change = new Array<number>(index.nodes.length + 1).fill(0);
  for (const { bytes, first, last } of blocks.values()) {
    change[first] = (change[first] ?? 0) + bytes;
    change[last + 1] = (change[last + 1] ?? 0) - bytes;
  }
  let live = 0;
  let peak: MemoryStep | undefined;
  const timeline = index.nodes.map((node, i): MemoryStep => {
    live += change[i] ?? 0;
    const step = { node: nodeLabel(node), opType: node.opType, bytes: live };
    if (peak === undefined || step.bytes > peak.bytes) peak = step;
    return step;
  });
  return { peakBytes: peak?.bytes ?? 0, atNode: peak?.node ?? '', timeline, unknown };
};
