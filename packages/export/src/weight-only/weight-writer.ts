import { ExportError } from '@bitwright/core';
import { type Attribute, DataType, type Tensor, tensorFromArray, tensorFromFloat32 } from '@bitwright/onnx';
import type { Weight, WeightSite } from './find-weights';
import { floatAttributeOr, type GraphScope, type NameAllocator, type NewNode } from './graph-scopes';

/** What the writers of one model share. */
export interface WeightWriter {
  readonly names: NameAllocator;
  readonly opset: number;
  /** Adds an initializer to the graph that must see it; returns its name. */
  add(scope: GraphScope, hint: string, make: (name: string) => Tensor): string;
  /** Codes, scale and zero point of x as DynamicQuantizeLinear gives them, once per tensor and graph, and the nodes to emit first. */
  dynamic(scope: GraphScope, x: string): { readonly names: DynamicNames; readonly nodes: readonly NewNode[] };
}

export interface DynamicNames {
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

/** Replaces one site by nodes; the last one produces the site's output. */
export type SiteWriter = (site: WeightSite) => readonly NewNode[];

/** Where the tensors of a weight go: the graph of its constant, or the main graph when several graphs hold copies. */
export function homeOf({ copies }: Weight): GraphScope {
  const [first, ...others] = copies.map((copy) => copy.constant.scope);
  let home = first as GraphScope;
  if (others.some((scope) => scope !== home)) while (home.parent !== undefined) home = home.parent;
  return home;
}

/** First output of the site's node. */
export function outputOf(site: WeightSite): string {
  return site.node.output[0] ?? '';
}

/** The site's node again, with the weight read from `name`. */
export function withWeight(
  site: WeightSite,
  name: string,
  attributes: readonly Attribute[] = site.node.attribute,
): NewNode {
  const { node, input } = site;
  const inputs = node.input.map((old, i) => (i === input ? name : old));
  return { opType: node.opType, domain: node.domain, inputs, outputs: node.output, attributes };
}

/** Scalar float initializer of the weight's type. */
export function addScalar(writer: WeightWriter, weight: Weight, site: WeightSite, hint: string, value: number): string {
  const values = Float32Array.of(value);
  return writer.add(site.scope, hint, (name) => tensorFromFloat32(name, weight.dataType, [], values));
}

/**
 * Nodes of y = x·Wᵀ for a MatMul, or alpha·x·Wᵀ + beta·C for a Gemm, around the nodes that compute x·Wᵀ.
 *
 * @param product makes the nodes that write x·Wᵀ to the given name
 */
export function productNodes(
  site: WeightSite,
  weight: Weight,
  writer: WeightWriter,
  product: (output: string) => readonly NewNode[],
): readonly NewNode[] {
  const { node, kind } = site;
  if (kind !== 'gemm') return product(outputOf(site));
  const alpha = floatAttributeOr(node, 'alpha', 1);
  const beta = floatAttributeOr(node, 'beta', 1);
  const bias = node.input[2] ?? '';
  const steps: ((x: string, y: string) => readonly NewNode[])[] = [];
  if (alpha !== 1) {
    const factor = addScalar(writer, weight, site, `${node.name}_alpha`, alpha);
    steps.push((x, y) => [{ opType: 'Mul', inputs: [x, factor], outputs: [y] }]);
  }
  if (bias !== '' && beta !== 0) steps.push((x, y) => addBias(x, bias, y, beta, site, weight, writer));
  const nodes: NewNode[] = [];
  let at = steps.length === 0 ? outputOf(site) : writer.names.value(`${outputOf(site)}_product`);
  nodes.push(...product(at));
  steps.forEach((step, i) => {
    const next = i === steps.length - 1 ? outputOf(site) : writer.names.value(`${outputOf(site)}_scaled`);
    nodes.push(...step(at, next));
    at = next;
  });
  return nodes;
}

/** @throws {ExportError} always: the planner must not pair this site with these codes */
export function refuseSite(site: WeightSite, weight: Weight, codes: string): never {
  throw new ExportError({
    operation: `[export] writeWeights "${weight.name}"`,
    expected: `codes that ${site.node.opType} node "${site.place}" can read`,
    received: codes,
  });
}

/** One axis of 64-bit integers: a shape. */
export function int64Tensor(name: string, values: readonly number[]): Tensor {
  return tensorFromArray(name, DataType.INT64, [values.length], BigInt64Array.from(values, BigInt));
}

// — internals —

function addBias(
  x: string,
  bias: string,
  y: string,
  beta: number,
  site: WeightSite,
  weight: Weight,
  writer: WeightWriter,
): readonly NewNode[] {
  if (beta === 1) return [{ opType: 'Add', inputs: [x, bias], outputs: [y] }];
  const factor = addScalar(writer, weight, site, `${site.node.name}_beta`, beta);
  const scaled = writer.names.value(`${bias}_scaled`);
  return [
    { opType: 'Mul', inputs: [bias, factor], outputs: [scaled] },
    { opType: 'Add', inputs: [x, scaled], outputs: [y] },
  ];
}
