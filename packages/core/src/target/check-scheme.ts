import { UnsupportedSchemeError } from '../errors';
import { describeScheme, type QuantScheme } from '../format/number-formats';
import type { LinearScheme } from '../scheme';
import { describeRule, type LinearRule, type SchemeRule, saturationOf } from './scheme-rule';
import type { Target, TensorRole } from './target';

/** The answer to "can this target run that scheme?", in the words of an error message. */
export type SchemeCheck =
  | { readonly isRunnable: true }
  | { readonly isRunnable: false; readonly expected: string; readonly received: string; readonly hint: string };

const runnable: SchemeCheck = /* @__PURE__ */ Object.freeze({ isRunnable: true });

/**
 * Whether a target can run a scheme for a role, and if not, what it can do instead.
 *
 * The scheme is compared with every rule of the role (weights also with the weight-only rules); when none admits it, the
 * answer quotes the rule that comes nearest.
 */
export function checkScheme(target: Target, role: TensorRole, scheme: QuantScheme): SchemeCheck {
  const rules = rulesFor(target, role);
  if (rules.length === 0) {
    return {
      isRunnable: false,
      expected: `no quantized ${role} (${target.id} keeps it float)`,
      received: describeScheme(scheme),
      hint: 'Leave the bias out of the plan.',
    };
  }
  const mismatches = rules.map((rule) => mismatchesOf(rule, role, scheme));
  let nearest = 0;
  for (const [i, list] of mismatches.entries()) {
    if (list.length === 0) return runnable;
    if (list.length < (mismatches[nearest] as string[]).length) nearest = i;
  }
  return {
    isRunnable: false,
    expected: describeRule(rules[nearest] as SchemeRule, role),
    received: `${describeScheme(scheme)} (${(mismatches[nearest] as string[]).join('; ')})`,
    hint: hintFor(target, role, rules.length),
  };
}

/**
 * Same, as an exception. `where` names the tensor.
 *
 * @throws {UnsupportedSchemeError} naming the tensor, what the target can do, and the fix
 */
export function assertScheme(target: Target, role: TensorRole, scheme: QuantScheme, where: string): void {
  const check = checkScheme(target, role, scheme);
  if (!check.isRunnable) throw unsupportedHere(target, where, check);
}

/** The error for a plan that a target cannot run. */
export function unsupportedHere(
  target: Target,
  where: string,
  problem: { readonly expected: string; readonly received: string; readonly hint?: string | undefined },
): UnsupportedSchemeError {
  return new UnsupportedSchemeError({ operation: `[core] ${where} on ${target.id}`, ...problem });
}

/** The rules of a role: constraints, plus weight-only rules for weights, plus what the bias kinds mean. */
export function rulesFor(target: Target, role: TensorRole): readonly SchemeRule[] {
  if (role === 'activation') return target.constraints.activation;
  if (role === 'weight') return [...target.constraints.weight, ...(target.weightOnly?.weight ?? [])];
  return target.constraints.bias.flatMap((kind) => (kind === 'float' ? [] : [biasRules[kind]]));
}

// — internals —

const biasRules: { readonly int32: LinearRule; readonly powerOfTwo: LinearRule } = {
  int32: {
    kind: 'linear',
    dtypes: ['int32'],
    mappings: ['symmetric'],
    granularities: ['perTensor', 'perAxis'],
  },
  powerOfTwo: {
    kind: 'linear',
    dtypes: ['int8'],
    mappings: ['symmetric'],
    granularities: ['perTensor'],
    powerOfTwo: true,
  },
};

function mismatchesOf(rule: SchemeRule, role: TensorRole, scheme: QuantScheme): string[] {
  if (rule.kind === 'kinds') {
    return rule.kinds.includes('*') || rule.kinds.includes(scheme.kind) ? [] : [`kind ${scheme.kind}`];
  }
  if (scheme.kind !== 'linear') return [`kind ${scheme.kind}`];
  return linearMismatches(rule, role, scheme);
}

function linearMismatches(rule: LinearRule, role: TensorRole, scheme: LinearScheme): string[] {
  const { dtype, mapping, granularity, rounding } = scheme;
  const found: string[] = [];
  if (!rule.dtypes.includes(dtype.name)) found.push(`${dtype.name} codes`);
  if (rule.mappings?.includes(mapping) === false) found.push(`${mapping} mapping`);
  if (rule.granularities?.includes(granularity.kind) === false) found.push(`${granularity.kind} scales`);
  if (granularity.kind === 'perGroup' && rule.groupSizes?.includes(granularity.size) === false) {
    found.push(`groups of ${granularity.size}`);
  }
  const codes = codesMismatch(rule, role, scheme);
  if (codes !== undefined) found.push(codes);
  if (rule.powerOfTwo === true && scheme.scaleForm !== 'powerOfTwo') found.push('scales that are no powers of two');
  const isMidpointFree = mapping === 'symmetric' && !dtype.signed;
  if (isMidpointFree && rule.unsignedZero?.includes(scheme.unsignedZero) === false) {
    found.push(`real 0 at ${scheme.unsignedZero === 'zero' ? 'code 0' : 'the midpoint'}`);
  }
  if (role === 'activation' && rule.roundings?.includes(rounding) === false) found.push(`rounding ${rounding}`);
  return found;
}

function codesMismatch(rule: LinearRule, role: TensorRole, { dtype, qmin, qmax }: LinearScheme): string | undefined {
  const allowed = rule.codes ?? dtype;
  const isExact = saturationOf(rule, role) === 'exact';
  if (isExact && (qmin !== allowed.qmin || qmax !== allowed.qmax)) {
    return `codes [${qmin},${qmax}], but the runtime saturates at [${allowed.qmin},${allowed.qmax}]`;
  }
  if (qmin < allowed.qmin || qmax > allowed.qmax) return `codes [${qmin},${qmax}]`;
  return undefined;
}

function hintFor(target: Target, role: TensorRole, ruleCount: number): string {
  const others = ruleCount > 1 ? ` ${target.id} has ${ruleCount} forms for a ${role}.` : '';
  if (role === 'bias') return `Let the bias follow its input and weight, as ${target.schemes.bias}.${others}`;
  return `Use its default, ${describeScheme(target.schemes[role])}, or plan for another target.${others}`;
}
