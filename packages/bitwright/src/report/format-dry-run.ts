import type { FloatNode, ModelInspection } from '@bitwright/ptq';
import type { PlannedOutputs } from '../output/plan-outputs';
import { formatFloatNodes } from './group-float-nodes';

/** What a dry run found out. */
export interface DryRun {
  readonly plan: ModelInspection['plan'];
  readonly data: string;
  readonly files: PlannedOutputs;
}

/** What `quantize --dry-run` prints. */
export function formatDryRun({ plan, data, files }: DryRun): string {
  const lines = [
    '',
    `  would calibrate on ${data}`,
    ...(plan === undefined ? ['  no plan: the model cannot be quantized'] : formatPlannedNodes(plan)),
    `  would write ${files.model}`,
    `              ${files.spec}`,
    `              ${files.report}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** Counts of a plan's decisions, and what stays in float with the reasons. */
export function formatPlannedNodes({ target, nodes }: NonNullable<ModelInspection['plan']>): string[] {
  const count = (kind: (typeof nodes)[number]['decision']): number => nodes.filter((n) => n.decision === kind).length;
  const float = nodes
    .filter((node) => node.decision === 'float')
    .map(({ node, opType, reason }): FloatNode => ({ node, opType, reason: reason ?? 'no reason given' }));
  return [
    `  on ${target}: ${count('integer')} operators on integers, ${count('passThrough')} moving codes, ${count('absorbed')} absorbed, ${float.length} in float`,
    ...formatFloatNodes(float),
  ];
}
