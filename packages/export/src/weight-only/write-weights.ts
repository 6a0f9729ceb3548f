import { ExportError } from '@bitwright/core';
import {
  bodyGraphs,
  copyModel,
  createMessage,
  createNode,
  type Graph,
  type Model,
  type Node,
  OperatorSetIdSchema,
  opsetVersion,
  type Tensor,
} from '@bitwright/onnx';
import { requireGraph } from '../onnx-qdq/require-graph';
import type { FoundWeights, Weight, WeightSite } from './find-weights';
import { type GraphScope, type NewNode, nameAllocator } from './graph-scopes';
import { removeUnread } from './remove-unread';
import { tieFloatCopies } from './tie-float-copies';
import type { RowCodes, WeightCodes } from './weight-codes';
import type { DynamicNames, SiteWriter, WeightWriter } from './weight-writer';
import { blockCodesWriter } from './write-block-codes';
import { dynamicLstm } from './write-dynamic-lstm';
import { lookupCodesWriter } from './write-lookup-codes';
import { qdqBlocksWriter } from './write-qdq-blocks';
import { type RowCompute, rowCodesWriter } from './write-row-codes';

export interface WriteWeightsOptions {
  /** `operators` (default): MatMulNBits and kin. `qdq`: block codes behind DequantizeLinear, ai.onnx only (operator set 21). */
  readonly spelling?: 'operators' | 'qdq' | undefined;
  /** Attribute of MatMulNBits: 0 float (the runtime's default), 4 activations in int8: faster, less exact. Default: not written. */
  readonly accuracyLevel?: number | undefined;
  /** What MatMul and Gemm do with row codes. Default `dynamic`. */
  readonly products?: RowCompute | undefined;
  /** What Conv does with row codes. Default `float`: stored in 8 bits, computed in float. */
  readonly convolutions?: RowCompute | undefined;
}

/**
 * Writes quantized weights into their model, in body graphs too. Every weight is stored once, however many nodes read it; float
 * tensors that nobody reads any more are removed. Weights without codes stay float, stored once. The model they were found in is not changed.
 *
 * @throws {ExportError} when codes do not fit an operator that reads the weight, or the operator set is too old
 */
export function writeWeights(
  found: FoundWeights,
  codes: ReadonlyMap<Weight, WeightCodes>,
  options: WriteWeightsOptions = {},
): Model {
  const model = copyModel(found.model);
  assertOpset(model, codes, options);
  const additions = new Map<GraphScope, Tensor[]>();
  const writer = createWriter(found, additions);
  const sites = siteWriters(codes, writer, options);
  const scopeOf = new Map(found.scopes.map((scope) => [scope.graph, scope]));
  const original = requireGraph(found.model, '[export] writeWeights');
  rewrite(
    original,
    requireGraph(model, '[export] writeWeights'),
    (node) => sites.get(node)?.(),
    writer,
    additions,
    scopeOf,
  );
  removeUnread(model, [...codes.keys()]);
  tieFloatCopies(
    model,
    found.weights.filter((weight) => !codes.has(weight)),
    writer.names,
  );
  addContribOpset(model);
  return model;
}

// — internals —

type NodeWriter = () => readonly NewNode[];

function createWriter(found: FoundWeights, additions: Map<GraphScope, Tensor[]>): WeightWriter {
  const names = nameAllocator(found.scopes);
  const quantized = new Map<GraphScope, Map<string, DynamicNames>>();
  return {
    names,
    opset: opsetVersion(found.model),
    add(scope, hint, make) {
      const name = names.value(hint);
      const tensors = additions.get(scope);
      if (tensors === undefined) additions.set(scope, [make(name)]);
      else tensors.push(make(name));
      return name;
    },
    dynamic(scope, x) {
      const known = quantized.get(scope) ?? new Map<string, DynamicNames>();
      quantized.set(scope, known);
      const earlier = known.get(x);
      if (earlier !== undefined) return { names: earlier, nodes: [] };
      const result: DynamicNames = {
        codes: names.value(`${x}_quantized`),
        scale: names.value(`${x}_scale`),
        zeroPoint: names.value(`${x}_zero_point`),
      };
      known.set(x, result);
      const outputs = [result.codes, result.scale, result.zeroPoint];
      return { names: result, nodes: [{ opType: 'DynamicQuantizeLinear', inputs: [x], outputs }] };
    },
  };
}

/** How each node that reads a quantized weight is replaced. */
function siteWriters(
  codes: ReadonlyMap<Weight, WeightCodes>,
  writer: WeightWriter,
  options: WriteWeightsOptions,
): ReadonlyMap<Node, NodeWriter> {
  const writers = new Map<Node, NodeWriter>();
  const lstms = new Map<Node, Map<number, { weight: Weight; codes: RowCodes }>>();
  for (const [weight, weightCodes] of codes) {
    const isLstm = weight.sites.some((site) => site.kind === 'lstm');
    if (isLstm && weightCodes.kind === 'rows') {
      for (const site of weight.sites) {
        const inputs = lstms.get(site.node) ?? new Map<number, { weight: Weight; codes: RowCodes }>();
        lstms.set(site.node, inputs.set(site.input, { weight, codes: weightCodes }));
      }
      continue;
    }
    const write = siteWriter(weight, weightCodes, writer, options);
    for (const site of weight.sites) addSite(writers, site, write, weight);
  }
  for (const [node, inputs] of lstms) {
    const w = inputs.get(1);
    const r = inputs.get(2);
    if (w === undefined || r === undefined) throw halfLstm(node);
    writers.set(node, () => [dynamicLstm(node, w, r, writer)]);
  }
  return writers;
}

function addSite(writers: Map<Node, NodeWriter>, site: WeightSite, write: SiteWriter, weight: Weight): void {
  const earlier = writers.get(site.node);
  if (earlier === undefined) {
    writers.set(site.node, () => write(site));
    return;
  }
  // A node with two weights (GRU): each writer puts its nodes first; the node itself is the last one of each.
  writers.set(site.node, () => {
    const first = earlier();
    const last = first[first.length - 1];
    const second = write(site);
    const name = second[second.length - 1]?.inputs[site.input];
    if (last === undefined || name === undefined) throw halfLstm(site.node, weight);
    const inputs = last.inputs.map((old, i) => (i === site.input ? name : old));
    return [...first.slice(0, -1), ...second.slice(0, -1), { ...last, inputs }];
  });
}

function siteWriter(
  weight: Weight,
  codes: WeightCodes,
  writer: WeightWriter,
  options: WriteWeightsOptions,
): SiteWriter {
  const { spelling = 'operators', accuracyLevel, products = 'dynamic', convolutions = 'float' } = options;
  if (codes.kind === 'lookup') return lookupCodesWriter(weight, codes, writer);
  if (codes.kind === 'rows') return rowCodesWriter(weight, codes, writer, { products, convolutions });
  if (spelling === 'qdq') return qdqBlocksWriter(weight, codes, writer);
  return blockCodesWriter(weight, codes, writer, accuracyLevel);
}

/** Walks the original and its copy side by side and replaces nodes in the copy. */
function rewrite(
  original: Graph,
  copy: Graph,
  replacement: (node: Node) => readonly NewNode[] | undefined,
  writer: WeightWriter,
  additions: ReadonlyMap<GraphScope, readonly Tensor[]>,
  scopeOf: ReadonlyMap<Graph, GraphScope>,
): void {
  const nodes: Node[] = [];
  original.node.forEach((node, i) => {
    const copied = copy.node[i] as Node;
    const bodies = bodyGraphs(node);
    bodyGraphs(copied).forEach((body, j) => {
      rewrite((bodies[j] as { graph: Graph }).graph, body.graph, replacement, writer, additions, scopeOf);
    });
    const replaced = replacement(node);
    if (replaced === undefined) {
      nodes.push(copied);
      return;
    }
    replaced.forEach((options, j) => {
      const isLast = j === replaced.length - 1;
      const name =
        isLast && node.name !== '' ? node.name : writer.names.node(`${node.name || options.opType}_${j + 1}`);
      nodes.push(createNode({ ...options, name }));
    });
  });
  copy.node = nodes;
  const scope = scopeOf.get(original);
  const tensors = scope === undefined ? undefined : additions.get(scope);
  if (tensors !== undefined) copy.initializer = [...copy.initializer, ...tensors];
}

function addContribOpset(model: Model): void {
  const isUsed = (graph: Graph): boolean =>
    graph.node.some((node) => node.domain === 'com.microsoft' || bodyGraphs(node).some((body) => isUsed(body.graph)));
  if (model.graph === undefined || !isUsed(model.graph)) return;
  if (model.opsetImport.some((set) => set.domain === 'com.microsoft')) return;
  model.opsetImport.push(createMessage(OperatorSetIdSchema, { domain: 'com.microsoft', version: 1n }));
}

function assertOpset(model: Model, codes: ReadonlyMap<Weight, WeightCodes>, options: WriteWeightsOptions): void {
  const opset = opsetVersion(model);
  const blocks = [...codes.values()].filter((c) => c.kind === 'blocks');
  const isQdq = options.spelling === 'qdq' && blocks.length > 0;
  const needed = isQdq ? (blocks.some((c) => c.bits === 2) ? 25 : 21) : 11;
  if (opset >= needed) return;
  throw new ExportError({
    operation: '[export] writeWeights',
    expected: `operator set ${needed} or newer`,
    received: `operator set ${opset}`,
    hint: `Convert the model first: convertOpset(model, ${needed}).`,
  });
}

function halfLstm(node: Node, weight?: Weight): ExportError {
  return new ExportError({
    operation: '[export] writeWeights',
    expected: `row codes for both matrices of ${node.opType} node "${node.name}"`,
    received: weight === undefined ? 'one of them' : `another form for "${weight.name}"`,
  });
}
