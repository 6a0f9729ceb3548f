import type { NodeDecision, Target } from '@bitwright/core';
import type { GraphIndex, Node } from '@bitwright/onnx';
import type { FloatRole, NodeRoles, RuleContext } from './operator-rule';
import type { RuleRegistry } from './rules/registry';

/** Roles of every node by name, as far as operator, attributes and target decide; neighbours are looked at later. */
export function nodeRoles(
  context: RuleContext,
  rules: RuleRegistry,
  excluded: (node: Node) => boolean,
): Map<string, NodeRoles | FloatRole> {
  return new Map(context.index.nodes.map((node) => [node.name, rolesOf(node, context, rules, excluded)]));
}

function rolesOf(
  node: Node,
  context: RuleContext,
  rules: RuleRegistry,
  excluded: (node: Node) => boolean,
): NodeRoles | FloatRole {
  if (excluded(node)) return { form: 'float', reason: 'excluded by request' };
  if (node.domain !== '' && node.domain !== 'ai.onnx') {
    return { form: 'float', reason: `operator of domain "${node.domain}" has no quantization rule` };
  }
  const support = context.target.operators[node.opType];
  if (support === undefined)
    return { form: 'float', reason: `${context.target.id} lists no integer form of ${node.opType}` };
  if (support.kind === 'float') return { form: 'float', reason: support.reason };
  const rule = rules.get(node.opType);
  if (rule === undefined) return { form: 'float', reason: `no rule says how to quantize ${node.opType}` };
  return rule.roles(node, context);
}

/**
 * Decides for every node whether it runs on integers, by taking away what does not pay or cannot fuse until nothing changes:
 *
 * - anchors stay: they are what quantization is for;
 * - a pass-through needs a quantized input, and unless that must be quantized anyway also somebody who reads codes;
 * - an activation is absorbed only by an integer producer that nobody else reads;
 * - a follower needs all its inputs quantized already, or one of them and a reader of codes (a residual sum with one quantized
 *   operand: a skip that a product reads as codes); where everybody around it is
 *   float (residual streams of transformers) or it only feeds the model's output, quantizers would cost and not pay.
 */
export function decideNodes(
  roles: ReadonlyMap<string, NodeRoles | FloatRole>,
  index: GraphIndex,
  target: Target,
): Map<string, NodeDecision> {
  const operators = new Map(index.nodes.map((node) => [node.name, node.opType]));
  const operatorOf = (name: string): string => operators.get(name) ?? '';
  const decisions = new Map<string, NodeDecision>();
  for (const [name, role] of roles) {
    decisions.set(
      name,
      role.form === 'float'
        ? { kind: 'float', operator: operatorOf(name), reason: role.reason }
        : {
            kind: role.form === 'passThrough' || role.form === 'absorbed' ? role.form : 'integer',
            operator: operatorOf(name),
          },
    );
  }
  const state: DecisionState = { roles, index, target, decisions };
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const node of index.nodes) {
      const role = roles.get(node.name);
      if (role === undefined || role.form === 'float' || decisions.get(node.name)?.kind === 'float') continue;
      const reason = whyFloat(node, role, state);
      if (reason === undefined) continue;
      decisions.set(node.name, { kind: 'float', operator: node.opType, reason });
      isChanged = true;
    }
  }
  return decisions;
}

interface DecisionState {
  readonly roles: ReadonlyMap<string, NodeRoles | FloatRole>;
  readonly index: GraphIndex;
  readonly target: Target;
  readonly decisions: ReadonlyMap<string, NodeDecision>;
}

function whyFloat(node: Node, role: NodeRoles, state: DecisionState): string | undefined {
  const inputs = role.activations.map((i) => node.input[i] ?? '');
  switch (role.form) {
    case 'anchor':
      return undefined;
    case 'absorbed':
      return whyNotAbsorbed(node, inputs[0] ?? '', state);
    case 'passThrough': {
      if (!isQuantized(inputs[0] ?? '', state)) return 'its input is float';
      if (hasIntegerReader(node, state) || mustBeQuantized(inputs[0] ?? '', state)) return undefined;
      return 'nobody reads its codes';
    }
    case 'follower': {
      const quantized = inputs.filter((name) => isQuantized(name, state) || isSkipOfAnchor(name, state));
      if (quantized.length === 0) return 'its inputs are float';
      if (!hasIntegerReader(node, state)) {
        const feedsOutput = node.output.some((name) => state.index.isOutput(name));
        if (feedsOutput) return 'it feeds a model output, which keeps float precision';
        const isElementwise = node.opType === 'Add' || node.opType === 'Mul' || node.opType === 'MatMul';
        if (isElementwise || quantized.length < inputs.length) return 'nobody reads its codes';
      }
      return undefined;
    }
  }
}

function whyNotAbsorbed(node: Node, input: string, state: DecisionState): string | undefined {
  const { index, target, decisions, roles } = state;
  const producer = index.producer(input);
  if (producer === undefined || decisions.get(producer.name)?.kind !== 'integer')
    return 'its input is not the result of an integer operator';
  if (index.consumers(input).length > 1 || index.isOutput(input))
    return 'its input is read by others too, so the producer cannot absorb it';
  const producerRole = roles.get(producer.name);
  const mayStayFloat = producerRole?.form === 'anchor' && target.placement.floatOutputAllowed.includes(producer.opType);
  if (mayStayFloat && !hasIntegerReader(node, state)) return 'nobody reads its codes';
  return undefined;
}

/** Whether a tensor comes out of an integer operator, or is a model input (which may be quantized at will). */
export function isQuantized(tensor: string, state: Pick<DecisionState, 'index' | 'decisions'>): boolean {
  const producer = state.index.producer(tensor);
  if (producer === undefined) return state.index.isInput(tensor);
  return isIntegerNode(producer, state.decisions);
}

/** Whether a residual sum of which only the skip is quantized finds a quantizer at it already: that of a product which reads it too. */
function isSkipOfAnchor(tensor: string, { index, target, roles }: DecisionState): boolean {
  if (target.placement.residualAdd !== 'oneInput') return false;
  return index.consumers(tensor).some((use) => use.scope === '' && roles.get(use.node.name)?.form === 'anchor');
}

/** Whether a quantized tensor has to carry codes even if nobody reads them, because its producer cannot write float. */
function mustBeQuantized(tensor: string, state: DecisionState): boolean {
  const producer = state.index.producer(tensor);
  if (producer === undefined) return false;
  const kind = state.decisions.get(producer.name)?.kind;
  if (kind === 'integer') return !state.target.placement.floatOutputAllowed.includes(producer.opType);
  if (kind === 'absorbed') return true;
  return kind === 'passThrough' && mustBeQuantized(producer.input[0] ?? '', state);
}

function hasIntegerReader(node: Node, state: DecisionState): boolean {
  return node.output.some((name) => readsCodes(name, state.index, state.decisions));
}

/** Whether some node that runs on integers reads the tensor. */
export function readsCodes(tensor: string, index: GraphIndex, decisions: ReadonlyMap<string, NodeDecision>): boolean {
  return index.consumers(tensor).some((use) => use.scope === '' && isIntegerNode(use.node, decisions));
}

function isIntegerNode(node: Node, decisions: ReadonlyMap<string, NodeDecision>): boolean {
  const kind = decisions.get(node.name)?.kind;
  return kind === 'integer' || kind === 'passThrough' || kind === 'absorbed';
}
