import type { Granularity } from '../granularity';
import type { RoundingMode } from '../rounding';
import type { LinearScheme } from '../scheme';

/**
 * One family of linear schemes that a target executes for a role. A scheme fits when every field admits it; a field left
 * out admits everything.
 */
export interface LinearRule {
  readonly kind: 'linear';
  /** Names of code types: `int8`. */
  readonly dtypes: readonly string[];
  readonly mappings?: readonly LinearScheme['mapping'][];
  readonly granularities?: readonly Granularity['kind'][];
  /** Block sizes of perGroup. */
  readonly groupSizes?: readonly number[];
  /** The codes the runtime uses, inclusive; default all codes of the dtype. */
  readonly codes?: { readonly qmin: number; readonly qmax: number };
  /**
   * `exact`: the runtime saturates at these codes and at no others, so the scheme must name the same (default for activations).
   * `within`: the codes come with the file, so any inside will do (default for weights and biases).
   */
  readonly saturation?: 'exact' | 'within';
  /** True: scales must be powers of two. */
  readonly powerOfTwo?: boolean;
  /** Where real 0 may lie for a symmetric unsigned type. */
  readonly unsignedZero?: readonly LinearScheme['unsignedZero'][];
  /** Rounding of the runtime; checked for activations only, because weights are rounded before they reach it. */
  readonly roundings?: readonly RoundingMode[];
  /** Smallest and largest scale the format can carry. */
  readonly scale?: { readonly min: number; readonly max: number };
  /** A condition that no field expresses, for people. */
  readonly note?: string;
}

/** Schemes of other kinds (logarithmic, binary, …), admitted by kind; `*` admits every scheme, linear ones too. */
export interface KindRule {
  readonly kind: 'kinds';
  readonly kinds: readonly string[];
  readonly note?: string;
}

export type SchemeRule = LinearRule | KindRule;

/** `int8 symmetric, perTensor or perAxis, codes within [-127,127]`: what a rule allows, in words. */
export function describeRule(rule: SchemeRule, role: 'activation' | 'weight' | 'bias'): string {
  if (rule.kind === 'kinds') return rule.kinds.includes('*') ? 'any scheme' : `kind ${rule.kinds.join(' or ')}`;
  const parts = [`${rule.dtypes.join(' or ')} ${rule.mappings === undefined ? '' : rule.mappings.join(' or ')}`.trim()];
  if (rule.granularities !== undefined) parts.push(rule.granularities.join(' or '));
  if (rule.groupSizes !== undefined) parts.push(`groups of ${rule.groupSizes.join(', ')}`);
  if (rule.codes !== undefined) {
    const word = saturationOf(rule, role) === 'exact' ? 'codes' : 'codes within';
    parts.push(`${word} [${rule.codes.qmin},${rule.codes.qmax}]`);
  }
  if (rule.powerOfTwo === true) parts.push('power-of-two scale');
  if (rule.unsignedZero !== undefined) {
    parts.push(`real 0 at ${rule.unsignedZero.map((z) => (z === 'zero' ? 'code 0' : 'the midpoint')).join(' or ')}`);
  }
  if (rule.roundings !== undefined && role === 'activation') parts.push(`rounding ${rule.roundings.join(' or ')}`);
  if (rule.scale !== undefined) parts.push(`scale within [${rule.scale.min}, ${rule.scale.max}]`);
  return parts.join(', ');
}

export function saturationOf(rule: LinearRule, role: 'activation' | 'weight' | 'bias'): 'exact' | 'within' {
  return rule.saturation ?? (role === 'activation' ? 'exact' : 'within');
}
