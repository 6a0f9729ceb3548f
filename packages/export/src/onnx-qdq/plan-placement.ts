import {
  type CodeRange,
  type LinearScheme,
  type NodeDecision,
  perTensor,
  type Target,
  withScheme,
} from '@bitwright/core';
import {
  DataType,
  type GraphIndex,
  graphIndex,
  inferShapes,
  type Model,
  type Node,
  opsetVersion,
} from '@bitwright/onnx';
import { isWinograd } from '../winograd-convolution';
import { decideNodes, nodeRoles, readsCodes } from './node-decisions';
import type { FloatRole, NodeRoles, RuleContext } from './operator-rule';
import type { PlacedActivation, PlacedBias, PlacedWeight, Placement } from './placement';
import { requireGraph } from './require-graph';
import { defaultRules, type RuleRegistry } from './rules/registry';

export interface PlacementOptions {
  readonly target: Target;
  /** Nodes that must stay float. Default none. */
  readonly isExcluded?: (node: Node) => boolean;
  /** Default: the built-in rules. */
  readonly rules?: RuleRegistry;
  /** Input shapes that override the model's. */
  readonly shapes?: Readonly<Record<string, readonly (number | string)[]>>;
}

/**
 * Where quantizers go in a prepared float model (BatchNorm folded, nodes named) for a target.
 *
 * @throws {ModelFormatError} when the model has no graph
 */
export function planPlacement(model: Model, options: PlacementOptions): Placement {
  const { target, rules = defaultRules, isExcluded = () => false } = options;
  const graph = requireGraph(model, '[export] planPlacement');
  const index = graphIndex(graph);
  const types = inferShapes(model, options.shapes === undefined ? {} : { shapes: options.shapes });
  const inputNames = new Set(graph.input.map((input) => input.name));
  const context: RuleContext = {
    index,
    target,
    opset: opsetVersion(model),
    constant: (name) => (name === undefined || inputNames.has(name) ? undefined : index.initializer(name)),
    shape: (name) => (name === undefined ? undefined : types.get(name)?.dims),
  };
  const isFloat = (tensor: string): boolean => {
    const type = types.get(tensor)?.dataType;
    return type === undefined || type === DataType.FLOAT;
  };
  const roles = nodeRoles(context, rules, isExcluded);
  for (const node of index.nodes) {
    const role = roles.get(node.name);
    if (role === undefined || role.form === 'float') continue;
    const other = role.activations.map((i) => node.input[i] ?? '').find((name) => !isFloat(name));
    if (other !== undefined) roles.set(node.name, { form: 'float', reason: `its input "${other}" is not float32` });
  }
  refuseConflictingWeights(index, target, roles);
  const nodes = decideNodes(roles, index, target);
  return collectTensors(index, target, roles, nodes);
}

/** A constant is stored once, so it can have one scheme: later nodes that need another stay float and say so. */
function refuseConflictingWeights(index: GraphIndex, target: Target, roles: Map<string, NodeRoles | FloatRole>): void {
  const first = new Map<string, { readonly node: string; readonly key: string }>();
  for (const node of index.nodes) {
    const role = roles.get(node.name);
    if (role === undefined || role.form === 'float') continue;
    const uses = [
      ...role.weights.map((weight) => {
        const { granularity, qmin, qmax } = weightScheme(node, weight, index, target);
        return { tensor: node.input[weight.input] ?? '', key: JSON.stringify([weight.like, granularity, qmin, qmax]) };
      }),
      ...(role.bias === undefined ? [] : [{ tensor: node.input[role.bias.input] ?? '', key: `bias of ${node.name}` }]),
    ];
    const conflict = uses.find(({ tensor, key }) => (first.get(tensor)?.key ?? key) !== key);
    if (conflict !== undefined) {
      const other = first.get(conflict.tensor)?.node;
      roles.set(node.name, {
        form: 'float',
        reason: `it shares "${conflict.tensor}" with "${other}", which needs another scale`,
      });
      continue;
    }
    for (const { tensor, key } of uses) if (!first.has(tensor)) first.set(tensor, { node: node.name, key });
  }
}

function collectTensors(
  index: GraphIndex,
  target: Target,
  roles: ReadonlyMap<string, NodeRoles | FloatRole>,
  nodes: ReadonlyMap<string, NodeDecision>,
): Placement {
  const weights = new Map<string, PlacedWeight>();
  const biases = new Map<string, PlacedBias>();
  const quantized = new Set<string>();
  const leaders = new Map<string, string>();
  const leaderOf = (tensor: string): string => {
    const next = leaders.get(tensor);
    return next === undefined ? tensor : leaderOf(next);
  };
  const isInteger = (node: Node): boolean => nodes.get(node.name)?.kind !== 'float' && nodes.has(node.name);

  for (const node of index.nodes) {
    const role = roles.get(node.name);
    if (role === undefined || role.form === 'float' || !isInteger(node)) continue;
    if (role.form === 'absorbed') {
      for (const output of outputsOf(node)) quantized.add(output);
      continue;
    }
    for (const i of role.activations) quantized.add(node.input[i] ?? '');
    for (const output of outputsOf(node)) {
      if (role.form === 'passThrough') {
        quantized.add(output);
        leaders.set(output, leaderOf(node.input[role.activations[0] ?? 0] ?? ''));
      } else if (needsOutputQuantizer(node, role, output, index, target, nodes)) {
        quantized.add(output);
      }
    }
    for (const weight of role.weights) {
      const tensor = node.input[weight.input] ?? '';
      weights.set(tensor, { tensor, scheme: weightScheme(node, weight, index, target) });
    }
    if (role.bias !== undefined && target.schemes.bias === 'int32') {
      const tensor = node.input[role.bias.input] ?? '';
      const rank = index.initializer(tensor)?.dims.length ?? 1;
      biases.set(tensor, {
        tensor,
        activation: node.input[role.bias.activation] ?? '',
        weight: node.input[role.bias.weight] ?? '',
        axis: Math.max(rank - 1, 0),
      });
    }
  }
  const activations = new Map<string, PlacedActivation>();
  const scheme: LinearScheme = target.schemes.activation;
  for (const tensor of quantized) activations.set(tensor, { tensor, scheme, leader: leaderOf(tensor) });
  return Object.freeze({ target, nodes, activations, weights, biases });
}

/** The scheme that one node needs of a constant. */
function weightScheme(
  node: Node,
  { like, granularity }: NodeRoles['weights'][number],
  index: GraphIndex,
  target: Target,
): LinearScheme {
  if (like !== 'weight') return withScheme(target.schemes.activation, { granularity: perTensor });
  return withScheme(target.schemes.weight, { granularity, ...narrowedCodes(node, index, target) });
}

/** The codes that Winograd kernels of the target hold, for convolutions that they compute. */
function narrowedCodes(node: Node, index: GraphIndex, { placement }: Target): Partial<CodeRange> {
  const { winogradWeights } = placement;
  return winogradWeights !== undefined && isWinograd(node, index) ? winogradWeights : {};
}

/**
 * An integer operator's output carries a quantizer, except where an activation behind it is absorbed (then that one's output
 * does) and where the target lets it write float and nobody reads codes.
 */
function needsOutputQuantizer(
  node: Node,
  role: NodeRoles,
  output: string,
  index: GraphIndex,
  target: Target,
  nodes: ReadonlyMap<string, NodeDecision>,
): boolean {
  const readers = index.consumers(output);
  if (readers.some((use) => use.scope === '' && nodes.get(use.node.name)?.kind === 'absorbed')) return false;
  if (target.placement.quantize === 'inputs') return false;
  const mayStayFloat = role.form === 'anchor' && target.placement.floatOutputAllowed.includes(node.opType);
  return !mayStayFloat || readsCodes(output, index, nodes);
}

function outputsOf(node: Node): readonly string[] {
  return node.output.filter((name) => name !== '');
}
