import { isFoldable } from './operator-types';
import type { Flow, FlowOperator, Quantity } from './quantity';
import { weightShape } from './weight-shape';

/** How a pair was found: by the tensors' names, by its place behind matched tensors, or by its place in the order of layers. */
export type MatchedBy = 'name' | 'topology' | 'order';

/** A quantity of the quantized model and the same one of the float model. */
export interface Match {
  readonly quantized: Quantity;
  readonly float: Quantity;
  readonly by: MatchedBy;
}

/** Pairs of quantities, in the quantized graph's order. */
export interface FlowMatching {
  readonly matches: readonly Match[];
  floatOf(quantized: Quantity): Quantity | undefined;
}

/**
 * Finds, for the quantities of a quantized model, those of the float model it was made from.
 *
 * Names first: a tensor keeps its name, or gets one of the suffixes quantizers add. A pair of names counts only when the same
 * kind of operator is behind both. Then topology: an operator whose inputs are matched is the float operator of its kind
 * that reads the same. Then order: what is left of weighted operators of one kind and weight shape, when both models have
 * equally many. Where BatchNormalization was folded or an activation absorbed, the float side is the tensor behind it.
 */
export function matchFlows(float: Flow, quantized: Flow): FlowMatching {
  const state: MatchState = { float, quantized, pairs: new Map(), taken: new Map() };
  matchInputs(state);
  matchNames(state);
  matchTopology(state);
  matchOrder(state);
  matchTopology(state);
  const matches = quantized.quantities.flatMap((quantity) => state.pairs.get(quantity) ?? []);
  return { matches, floatOf: (quantity) => state.pairs.get(quantity)?.float };
}

// — internals —

/** Kind of the operator behind a quantity, through operators that can be folded into it; `Input` for model inputs. */
function rootKind(quantity: Quantity): string {
  const { producer } = quantity;
  if (producer === undefined) return 'Input';
  const [first] = producer.inputs;
  if (first !== undefined && isFoldable(producer.kind, producer.inputs.length)) {
    const kind = rootKind(first);
    return kind === 'Input' ? producer.kind : kind;
  }
  return producer.kind;
}

interface MatchState {
  readonly float: Flow;
  readonly quantized: Flow;
  readonly pairs: Map<Quantity, Match>;
  /** Float quantities that have a partner. */
  readonly taken: Map<Quantity, Quantity>;
}

function addPair(state: MatchState, quantized: Quantity, found: Quantity, by: MatchedBy): boolean {
  const float = behindAbsorbed(found, quantized);
  if (state.pairs.has(quantized) || state.taken.has(float)) return false;
  state.pairs.set(quantized, { quantized, float, by });
  state.taken.set(float, quantized);
  return true;
}

/** The float quantity behind operators that the quantized model has folded into the one that computes `quantized`. */
function behindAbsorbed(float: Quantity, quantized: Quantity): Quantity {
  let current = float;
  for (;;) {
    const [next, ...others] = current.consumers;
    const [output] = next?.outputs ?? [];
    if (next === undefined || output === undefined || others.length > 0 || current.isOutput) return current;
    if (!isFoldable(next.kind, next.inputs.length)) return current;
    if (quantized.isOutput || quantized.consumers.some((consumer) => consumer.kind === next.kind)) return current;
    current = output;
  }
}

/** Model inputs correspond by name, else by position. */
function matchInputs(state: MatchState): void {
  const inputsOf = (flow: Flow): Quantity[] => flow.quantities.filter((quantity) => quantity.producer === undefined);
  const theirs = inputsOf(state.float);
  inputsOf(state.quantized).forEach((quantity, i) => {
    const found = theirs.find((input) => input.id === quantity.id) ?? theirs[i];
    if (found === undefined || state.taken.has(found)) return;
    state.pairs.set(quantity, { quantized: quantity, float: found, by: found.id === quantity.id ? 'name' : 'order' });
    state.taken.set(found, quantity);
  });
}

const suffixes =
  /(?:_|\/)?(?:DequantizeLinear_Output|QuantizeLinear_Output|DequantizeLinear|QuantizeLinear|dequantized|quantized|dequant|quant|clamped_codes|float|codes)(?:_\d+|:0)*$/i;

/** The name, and what is left when suffixes of quantizers are cut off one by one. */
function plainNames(name: string): string[] {
  const names = [name];
  for (let rest = name.replace(suffixes, ''); rest !== '' && rest !== names.at(-1); rest = rest.replace(suffixes, '')) {
    names.push(rest);
  }
  return names;
}

function matchNames(state: MatchState): void {
  for (const isExact of [true, false]) {
    for (const quantity of state.quantized.quantities) {
      if (quantity.producer === undefined || state.pairs.has(quantity)) continue;
      const names = isExact ? quantity.names : quantity.names.flatMap(plainNames);
      for (const name of names) {
        const found = state.float.quantity(name);
        if (found === undefined || rootKind(found) !== rootKind(quantity)) continue;
        if (addPair(state, quantity, found, 'name')) break;
      }
    }
  }
}

function matchTopology(state: MatchState): void {
  for (const operator of state.quantized.operators) {
    if (operator.outputs.every((output) => state.pairs.has(output))) continue;
    const inputs = operator.inputs.map((input) => state.pairs.get(input)?.float);
    if (inputs.length === 0 || inputs.includes(undefined)) continue;
    const found = partnerOf(state, operator, inputs as Quantity[]);
    if (found === undefined) continue;
    operator.outputs.forEach((output, i) => {
      const partner = found.outputs[i];
      if (partner !== undefined && !state.taken.has(partner)) addPair(state, output, partner, 'topology');
    });
  }
}

/** The float operator of the same kind that reads the same quantities; of several, the one with the same weight shape. */
function partnerOf(state: MatchState, operator: FlowOperator, inputs: readonly Quantity[]): FlowOperator | undefined {
  const [first] = inputs;
  const isSame = (candidate: FlowOperator): boolean =>
    candidate.kind === operator.kind &&
    candidate.outputs.some((output) => !state.taken.has(output)) &&
    candidate.inputs.length === inputs.length &&
    candidate.inputs.every((input) => inputs.includes(input));
  const candidates = [...new Set(first?.consumers)].filter(isSame);
  if (candidates.length <= 1) return candidates[0];
  const shape = weightShape(operator, state.quantized);
  const alike = candidates.filter((candidate) => weightShape(candidate, state.float) === shape);
  return alike.length === 1 ? alike[0] : undefined;
}

function matchOrder(state: MatchState): void {
  const open = groupByWeight(state.quantized, (output) => !state.pairs.has(output));
  const candidates = groupByWeight(state.float, (output) => !isCovered(output, state.taken));
  for (const [key, operators] of open) {
    const partners = candidates.get(key);
    if (partners?.length !== operators.length) continue;
    operators.forEach((operator, i) => {
      const [output] = operator.outputs;
      const [partner] = partners[i]?.outputs ?? [];
      if (output !== undefined && partner !== undefined) addPair(state, output, partner, 'order');
    });
  }
}

/** Whether a quantity, or what follows it through foldable operators only, has a partner. */
function isCovered(quantity: Quantity, taken: ReadonlyMap<Quantity, Quantity>): boolean {
  if (taken.has(quantity)) return true;
  const [next, ...others] = quantity.consumers;
  const [output] = next?.outputs ?? [];
  if (next === undefined || output === undefined || others.length > 0) return false;
  return isFoldable(next.kind, next.inputs.length) && isCovered(output, taken);
}

function groupByWeight(flow: Flow, isOpen: (output: Quantity) => boolean): Map<string, FlowOperator[]> {
  const groups = new Map<string, FlowOperator[]>();
  for (const operator of flow.operators) {
    const shape = weightShape(operator, flow);
    const [output] = operator.outputs;
    if (shape === undefined || output === undefined || !isOpen(output)) continue;
    const key = `${operator.kind} ${shape}`;
    groups.set(key, [...(groups.get(key) ?? []), operator]);
  }
  return groups;
}
