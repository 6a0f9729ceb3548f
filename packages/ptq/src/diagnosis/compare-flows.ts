import { type Model, simplify } from '@bitwright/onnx';
import type { UnmatchedLayer } from './comparison';
import { type FlowMatching, type Match, matchFlows } from './match-flows';
import { isFoldable } from './operator-types';
import type { Flow, FlowOperator, Quantity } from './quantity';
import { readFlow } from './read-flow';
import { weightShape } from './weight-shape';

/** Two models read as flows, and what corresponds. */
export interface MatchedModels {
  /** The float model as it is or simplified, whichever has more in common with the quantized one. */
  readonly float: Flow;
  readonly quantized: Flow;
  readonly matching: FlowMatching;
  readonly isSimplified: boolean;
}

/**
 * Matches a quantized model with its float model, once as it is and once with BatchNormalization and constants folded, and
 * keeps what matches more (the folded one when equal: its weights are those that were quantized).
 *
 * @throws {ModelFormatError} when a model has no graph
 */
export function matchModels(float: Model, quantized: Model): MatchedModels {
  const theirs = readFlow(quantized);
  const [plain, simple] = [float, simplify(float).model].map((model) => {
    const flow = readFlow(model);
    return { float: flow, matching: matchFlows(flow, theirs) };
  });
  const isSimplified =
    plain === undefined || (simple !== undefined && simple.matching.matches.length >= plain.matching.matches.length);
  const best = isSimplified ? simple : plain;
  return {
    float: best?.float ?? readFlow(float),
    quantized: theirs,
    matching: best?.matching ?? { matches: [], floatOf: () => undefined },
    isSimplified,
  };
}

/**
 * Operators that compute on activations and take part in no comparison, with the reason.
 *
 * @param rejected - pairs whose tensors turned out to differ in size, with both sizes as text
 */
export function unmatchedLayers(
  { float, quantized, matching }: MatchedModels,
  rejected: ReadonlyMap<Match, string>,
): readonly UnmatchedLayer[] {
  const usable = matching.matches.filter((match) => !rejected.has(match));
  const ofQuantized = new Set(usable.map((match) => match.quantized));
  const ofFloat = new Set(usable.map((match) => match.float));
  const reasons = new Map(
    [...rejected].flatMap(([match, reason]) => [[match.quantized, reason] as const, [match.float, reason] as const]),
  );
  const list = (flow: Flow, matched: ReadonlySet<Quantity>, model: UnmatchedLayer['model']): UnmatchedLayer[] =>
    flow.operators.flatMap((operator) => {
      if (weightShape(operator, flow) === undefined || isCovered(operator, matched)) return [];
      const other = model === 'float' ? 'quantized' : 'float';
      const reason =
        operator.outputs.map((output) => reasons.get(output)).find((found) => found !== undefined) ??
        `the ${other} model has no tensor of a name like "${operator.outputs[0]?.id}" behind a ${operator.kind}, and no ${operator.kind} in its place`;
      return [
        { model, node: operator.node.name || (operator.outputs[0]?.id ?? ''), opType: operator.node.opType, reason },
      ];
    });
  return [...list(quantized, ofQuantized, 'quantized'), ...list(float, ofFloat, 'float')];
}

// — internals —

/** Whether the result of an operator, or what folds into it, is matched. */
function isCovered(operator: FlowOperator, matched: ReadonlySet<Quantity>): boolean {
  return operator.outputs.some((output) => {
    if (matched.has(output)) return true;
    return output.consumers.some((next) => isFoldable(next.kind, next.inputs.length) && isCovered(next, matched));
  });
}
