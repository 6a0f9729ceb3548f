import { nodeLabel } from '@bitwright/onnx';
import type { FlowMatching, Match } from './match-flows';
import { isFoldable, movingOperators } from './operator-types';
import type { Flow, FlowOperator, Quantity } from './quantity';
import { weightShape } from './weight-shape';

/** One step of the network that can be compared: the operators between the matched tensors before it and its own. */
export interface FlowLayer {
  readonly match: Match;
  /** Label of the float operator that does the work, e.g. of the Conv in Conv → BatchNormalization → Relu. */
  readonly name: string;
  /** That operator and the one in its place in the quantized model. */
  readonly main: { readonly float: FlowOperator | undefined; readonly quantized: FlowOperator | undefined };
  /** Float operators that compute, in graph order; empty for a model input. */
  readonly floatOperators: readonly FlowOperator[];
  /** Operators of the quantized model, those that only move elements included. */
  readonly quantizedOperators: readonly FlowOperator[];
}

/**
 * Layers of a matched pair of models, in the quantized graph's order; model inputs that are quantized come first. Operators
 * that only move elements belong to the layer that reads them, activations and biases to the one they follow.
 *
 * @param usable - pairs that can be compared (their sizes agree)
 */
export function findLayers(
  flows: { readonly float: Flow; readonly quantized: Flow },
  matching: FlowMatching,
  usable: ReadonlySet<Match>,
): readonly FlowLayer[] {
  const matched = new Map([...usable].map((match) => [match.quantized, match]));
  const ends = new Set([...matched.keys()].filter((quantity) => !isInside(quantity, matched, flows.quantized)));
  const floatEnds = new Set([...ends].map((quantity) => matched.get(quantity)?.float));
  return matching.matches.flatMap((match): FlowLayer[] => {
    const { quantized, float } = match;
    if (!ends.has(quantized)) return [];
    if (quantized.producer === undefined) {
      if (quantized.codes === undefined) return [];
      const main = { float: undefined, quantized: undefined };
      return [{ match, name: quantized.id, main, floatOperators: [], quantizedOperators: [] }];
    }
    const behind = operatorsBehind(float, floatEnds);
    const computing = behind.filter((operator) => !isMoving(operator, flows.float));
    const floatOperators = computing.length === 0 ? behind : computing;
    const quantizedOperators = operatorsBehind(quantized, ends);
    const main = {
      float: mainOperator(floatOperators),
      quantized: mainOperator(quantizedOperators.filter((operator) => !isMoving(operator, flows.quantized))),
    };
    const name = main.float === undefined ? float.id : nodeLabel(main.float.node);
    return [{ match, name, main, floatOperators, quantizedOperators }];
  });
}

/** Quantities at which one layer ends and the next begins: the ends of layers, and the inputs of the model. */
export function layerEnds(layers: readonly FlowLayer[], matching: FlowMatching): ReadonlySet<Quantity> {
  const inputs = matching.matches.filter((match) => match.quantized.producer === undefined);
  return new Set([...inputs, ...layers.map((layer) => layer.match)].map((match) => match.quantized));
}

// — internals —

/** The last operator that is more than an activation, bias or scale. */
function mainOperator(operators: readonly FlowOperator[]): FlowOperator | undefined {
  return operators.findLast(({ kind, inputs }) => !isFoldable(kind, inputs.length)) ?? operators[0];
}

/** Whether a result belongs to what comes behind it: moved elements, or a float result before an activation, bias or scale. */
function isInside(quantity: Quantity, matched: ReadonlyMap<Quantity, Match>, flow: Flow): boolean {
  const { producer } = quantity;
  if (producer === undefined || quantity.isOutput || quantity.consumers.length === 0) return false;
  if (isMoving(producer, flow)) return true;
  if (quantity.codes !== undefined || quantity.isDynamic) return false;
  const [next, ...others] = quantity.consumers;
  const [output] = next?.outputs ?? [];
  if (next === undefined || output === undefined || others.length > 0) return false;
  return isFoldable(next.kind, next.inputs.length) && matched.has(output);
}

function isMoving(operator: FlowOperator, flow: Flow): boolean {
  if (!movingOperators.has(operator.node.opType)) return false;
  return operator.kind !== 'Gather' || weightShape(operator, flow) === undefined;
}

/** Operators from the last end to `end`, in graph order. */
function operatorsBehind(end: Quantity, ends: ReadonlySet<Quantity | undefined>): readonly FlowOperator[] {
  const found = new Set<FlowOperator>();
  const open = [end];
  for (let quantity = open.pop(); quantity !== undefined; quantity = open.pop()) {
    const { producer } = quantity;
    if (producer === undefined || found.has(producer)) continue;
    found.add(producer);
    open.push(...producer.inputs.filter((input) => !ends.has(input)));
  }
  return [...found].sort((a, b) => a.position - b.position);
}
