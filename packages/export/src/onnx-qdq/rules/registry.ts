import type { OperatorRule } from '../operator-rule';
import { clampRule } from './clamp';
import { concatRule } from './concat';
import { convolutionRule } from './convolution';
import { elementwiseRule, whereRule } from './elementwise';
import { gemmRule, matMulRule } from './matrix-product';
import { padRule } from './pad';
import { orderPreservingRule, passThroughRule, resizeRule } from './pass-through';
import { unaryRule } from './unary';

/** Rules by operator type. A rule only says how; whether a target runs the operator on integers is the target's table. */
export type RuleRegistry = ReadonlyMap<string, OperatorRule>;

/** A registry from a list of rules; a later rule replaces an earlier one for the same operator type. */
export function ruleRegistry(rules: readonly OperatorRule[]): RuleRegistry {
  return new Map(rules.flatMap((rule) => rule.opTypes.map((opType): [string, OperatorRule] => [opType, rule])));
}

/** A new registry with a rule added: how a third party teaches the planner an operator. */
export function withRule(registry: RuleRegistry, rule: OperatorRule): RuleRegistry {
  return new Map([...registry, ...ruleRegistry([rule])]);
}

export const defaultRules: RuleRegistry = /* @__PURE__ */ ruleRegistry([
  convolutionRule,
  matMulRule,
  gemmRule,
  elementwiseRule,
  whereRule,
  concatRule,
  unaryRule,
  clampRule,
  passThroughRule,
  orderPreservingRule,
  resizeRule,
  padRule,
]);
