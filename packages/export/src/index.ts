// ONNX QDQ: where quantizers go, and writing them

// Operator rules: how third parties teach the planner an operator
export {
  type FloatRole,
  floatRole,
  type NodeRoles,
  type OperatorRule,
  type RuleContext,
  type WeightRole,
} from './onnx-qdq/operator-rule';
export type { PlacedActivation, PlacedBias, PlacedWeight, Placement } from './onnx-qdq/placement';
export { type PlacementOptions, planPlacement } from './onnx-qdq/plan-placement';
export { defaultRules, type RuleRegistry, ruleRegistry, withRule } from './onnx-qdq/rules/registry';
export { writeQdq } from './onnx-qdq/write-qdq';
