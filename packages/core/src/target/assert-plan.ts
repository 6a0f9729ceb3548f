import type { UnsupportedSchemeError } from '../errors';
import type { ScaleParams } from '../format/number-format';
import type { QuantScheme } from '../format/number-formats';
import type { QParams } from '../qparams';
import type { AnyQuantizationSpec, NodeDecision, QuantizationSpec, TensorQuantization } from '../quantization-spec';
import { checkScheme, rulesFor, unsupportedHere } from './check-scheme';
import type { Target } from './target';

/** One reason why a target cannot run a plan. */
export interface PlanProblem {
  /** `tensor "conv1.w"` or `node "conv1"`. */
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  readonly hint?: string;
}

/**
 * Everything in a plan that a target cannot run, in the order of names; empty when it can.
 *
 * Checked: the scheme of every tensor for its role; the range of scales a format carries; bias scales, which must be
 * fround(scaleX·scaleW[c]) where the bias follows from an input and a weight; and the decision of every node whose operator
 * type is recorded.
 */
export function planProblems<Scheme extends QuantScheme>(
  plan: QuantizationSpec<Scheme>,
  target: Target,
): PlanProblem[] {
  const any = plan as unknown as AnyQuantizationSpec;
  const problems: PlanProblem[] = [];
  for (const name of Object.keys(any.tensors).sort()) {
    const tensor = any.tensors[name] as TensorQuantization<QuantScheme>;
    const where = `tensor "${name}"`;
    const check = checkScheme(target, tensor.role, tensor.scheme);
    if (!check.isRunnable) {
      problems.push({ where, expected: check.expected, received: check.received, hint: check.hint });
      continue;
    }
    const problem = scaleProblem(tensor, target) ?? biasProblem(tensor, any);
    if (problem !== undefined) problems.push({ where, ...problem });
  }
  for (const name of Object.keys(any.nodes).sort()) {
    const problem = nodeProblem(any.nodes[name] as NodeDecision, target);
    if (problem !== undefined) problems.push({ where: `node "${name}"`, ...problem });
  }
  return problems;
}

/**
 * Refuses a plan that a target cannot run.
 *
 * @throws {UnsupportedSchemeError} naming the first tensor or node, what the target can do, the fix, and how many more there are
 */
export function assertPlan<Scheme extends QuantScheme>(plan: QuantizationSpec<Scheme>, target: Target): void {
  const problems = planProblems(plan, target);
  const first = problems[0];
  if (first !== undefined) throw planError(target, first, problems.length);
}

// — internals —

function planError(target: Target, first: PlanProblem, count: number): UnsupportedSchemeError {
  const more = count > 1 ? `${count - 1} more of the plan's entries do not fit either.` : undefined;
  const hint = [first.hint, more].filter((part) => part !== undefined).join(' ');
  return unsupportedHere(target, first.where, { ...first, hint: hint === '' ? undefined : hint });
}

type Problem = Omit<PlanProblem, 'where'>;

function scaleProblem({ role, scheme, qparams }: TensorQuantization<QuantScheme>, target: Target): Problem | undefined {
  const bounds = rulesFor(target, role).flatMap((rule) =>
    rule.kind === 'linear' &&
    scheme.kind === 'linear' &&
    rule.dtypes.includes(scheme.dtype.name) &&
    rule.scale !== undefined
      ? [rule.scale]
      : [],
  );
  const bound = bounds[0];
  if (bound === undefined) return undefined;
  const { scale }: ScaleParams = qparams;
  const bad = scale.findIndex((s) => !(s >= bound.min && s <= bound.max));
  if (bad < 0) return undefined;
  return { expected: `scales within [${bound.min}, ${bound.max}]`, received: `${scale[bad]} at parameter ${bad}` };
}

/** Runtimes multiply accumulators by scaleX·scaleW[c]: a bias at another scale is ignored, refused or silently wrong. */
function biasProblem(tensor: TensorQuantization<QuantScheme>, plan: AnyQuantizationSpec): Problem | undefined {
  const { role, scheme, origin } = tensor;
  if (role !== 'bias' || scheme.kind !== 'linear' || scheme.dtype.name !== 'int32') return undefined;
  const [x, w] = (origin.from ?? []).map((name) => scalesOf(plan, name));
  if (x === undefined || w === undefined || origin.from?.length !== 2) return undefined;
  const own = (tensor.qparams as QParams).scale;
  for (let c = 0; c < own.length; c++) {
    const expected = Math.fround((x[0] as number) * ((w.length === 1 ? w[0] : w[c]) ?? Number.NaN));
    if (own[c] === expected) continue;
    return {
      expected: `bias scale ${expected} = scaleX · scaleW at parameter ${c}`,
      received: String(own[c]),
      hint: 'Derive the bias again after changing the scales of its input or weight.',
    };
  }
  return undefined;
}

function scalesOf(plan: AnyQuantizationSpec, name: string): Float32Array | undefined {
  if (!Object.hasOwn(plan.tensors, name)) return undefined;
  const params: ScaleParams | undefined = plan.tensors[name]?.qparams;
  return params?.scale;
}

function nodeProblem(node: NodeDecision, target: Target): Problem | undefined {
  const { kind, operator } = node;
  if (kind === 'float' || operator === undefined) return undefined;
  const support = Object.hasOwn(target.operators, operator) ? target.operators[operator] : undefined;
  const received = `${operator} planned as ${kind}`;
  const hint = 'Leave the node in float.';
  if (support === undefined) return { expected: `an operator that ${target.id} knows`, received, hint };
  if (support.kind === 'float') return { expected: `${operator} in float (${support.reason})`, received, hint };
  return undefined;
}
