import type { InspectedValue, ModelInspection, PlannedNode } from '@bitwright/ptq';
import { formatBytes } from '@bitwright/ptq';
import { formatCount } from '../terminal/format-number';
import { formatTable } from '../terminal/table';
import { formatPlannedNodes } from './format-dry-run';

/** An inspection with the file it is about. */
export interface InspectDocument extends ModelInspection {
  readonly file: string;
  readonly fileBytes: number;
}

/** The result of `inspect` for people. */
export function formatInspection(model: InspectDocument, isListingNodes: boolean): string {
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const weights = Object.entries(model.weightBytes).map(([type, bytes]) => `${formatBytes(bytes)} ${type}`);
  const facts: readonly (readonly [string, string])[] = [
    ['file', `${model.file}, ${formatBytes(model.fileBytes)}`],
    ['made by', model.producer || 'unknown'],
    ['format', `ONNX IR ${model.irVersion}; ${opsets.join(', ')}`],
    ...model.inputs.map((input): [string, string] => ['input', describeValue(input)]),
    ...model.outputs.map((output): [string, string] => ['output', describeValue(output)]),
    ['parameters', `${formatCount(model.parameters)}${weights.length === 0 ? '' : ` (${weights.join(', ')})`}`],
    [
      'MACs',
      model.macs === undefined
        ? 'unknown: some shape is open, see --shape'
        : `${formatCount(model.macs)} per run at batch 1`,
    ],
    [
      'activations',
      model.peakActivationBytes === undefined
        ? 'unknown: some shape is open, see --shape'
        : `${formatBytes(model.peakActivationBytes)} at the peak, batch 1`,
    ],
  ];
  const lines = [
    '',
    ...facts.map(([label, text]) => `  ${label.padEnd(12)}${text}`),
    '',
    formatTable(
      ['operator', 'count', ...(model.plan === undefined ? [] : [`on ${model.plan.target}`])],
      model.operators.map(({ domain, opType, count }) => [
        domain === '' || domain === 'ai.onnx' ? opType : `${domain}:${opType}`,
        `${count}`,
        ...(model.plan === undefined ? [] : [fate(opType, count, model.plan.nodes)]),
      ]),
      ['left', 'right', 'left'],
    ),
  ];
  if (model.plan !== undefined) lines.push('', ...formatPlannedNodes(model.plan));
  if (model.plan !== undefined && isListingNodes) lines.push('', formatNodes(model.plan.nodes));
  return `${lines.join('\n')}\n\n`;
}

// — internals —

const decisionWords: Readonly<Record<PlannedNode['decision'], string>> = {
  integer: 'integer',
  passThrough: 'moving codes',
  absorbed: 'absorbed',
  float: 'float',
};

function describeValue({ name, type, dims }: InspectedValue): string {
  return `${name} ${type}[${dims.join(',')}]`;
}

/** `12 integer, 1 float, 3 folded away`: what becomes of all operators of a type. */
function fate(opType: string, count: number, nodes: readonly PlannedNode[]): string {
  const own = nodes.filter((node) => node.opType === opType);
  const counts = (Object.keys(decisionWords) as PlannedNode['decision'][]).map((kind): [number, string] => [
    own.filter((node) => node.decision === kind).length,
    decisionWords[kind],
  ]);
  return [...counts, [Math.max(0, count - own.length), 'folded away'] as const]
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ');
}

function formatNodes(nodes: readonly PlannedNode[]): string {
  const rows = nodes.map(({ node, opType, decision, reason }) => [
    node,
    opType,
    reason === undefined ? decisionWords[decision] : `${decisionWords[decision]}: ${reason}`,
  ]);
  return formatTable(['node', 'operator', 'becomes'], rows, ['left', 'left', 'left']);
}
