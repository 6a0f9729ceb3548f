import {
  describeRule,
  describeScheme,
  instructionSets,
  type OperatorSupport,
  type PeakFormat,
  peakFormats,
  type SchemeRule,
  type Target,
} from '../src';

/** docs/targets.md from the data of the targets and instruction sets. */
export function targetsDocument(targets: readonly Target[]): string {
  return [
    '# Targets',
    '',
    '<!-- Generated from packages/core/src/target by `npx tsx packages/core/scripts/write-targets-document.ts`. Do not edit. -->',
    '',
    'A target says what a runtime can execute, where quantizers go for it, and how fast its chip is at best. It is plain data:',
    '`findTarget(id)` returns a built-in one, `defineTarget(value)` checks one of your own, and `assertPlan(spec, target)` refuses',
    'a plan that the target cannot run, with the reason.',
    '',
    'Evidence: **run** executed on the runtime; **source** read in its source or a tool that feeds it; **documentation** read in',
    'documentation; **unverified** from experience or conflicting sources: test before relying on it.',
    '',
    '## Overview',
    '',
    ...table(
      [
        'id',
        'runtime',
        'activations',
        'weights',
        'bias',
        'quantizers on',
        'writes',
        'evidence: schemes / placement / operators',
      ],
      targets.map((target) => [
        `[\`${target.id}\`](#${anchor(target)})`,
        target.title,
        describeScheme(target.schemes.activation),
        describeScheme(target.schemes.weight),
        target.schemes.bias,
        target.placement.quantize === 'inputs' ? 'inputs' : 'inputs and outputs',
        target.exporter,
        `${target.evidence.schemes} / ${target.evidence.placement} / ${target.evidence.operators}`,
      ]),
    ),
    '',
    '*Writes* names the format that the exporter of a target writes; `@bitwright/export` lists the exporters that exist.',
    '',
    'The default of `ort-x64` is the plan that is right on every x86-64 CPU: 7-bit weights. Take `ort-x64-vnni` when the CPU is',
    'known to have VNNI.',
    '',
    ...targets.flatMap(targetSection),
    ...peakSection(),
  ].join('\n');
}

function anchor({ id }: Target): string {
  return id.replace(/[^a-z0-9-]/g, '');
}

function targetSection(target: Target): string[] {
  const { constraints, weightOnly, placement } = target;
  return [
    `## ${target.id}`,
    '',
    `${target.title}.`,
    '',
    '- Activations:',
    ...rulesList(constraints.activation, 'activation'),
    '- Weights:',
    ...rulesList(constraints.weight, 'weight'),
    ...(weightOnly === undefined
      ? []
      : [`- Weight-only (${weightOnly.operators.join(', ')}):`, ...rulesList(weightOnly.weight, 'weight')]),
    `- Bias: ${constraints.bias.join(' or ')}.`,
    `- Placement: quantizers on ${placement.quantize === 'inputs' ? 'inputs; outputs stay float' : 'inputs and outputs'}; weights ${
      placement.weights === 'qdq' ? 'as float with a QDQ pair' : 'stored quantized'
    }${placement.residualAdd === 'oneInput' ? '; only the skip input of a residual Add' : ''}${
      placement.firstAndLastBits === undefined ? '' : `; first and last layer at ${placement.firstAndLastBits} bits`
    }${
      placement.winogradWeights === undefined
        ? ''
        : `; weights of 3×3 convolutions with stride 1 within [${placement.winogradWeights.qmin},${placement.winogradWeights.qmax}]`
    }.`,
    ...operatorLines(target.operators),
    `- Arithmetic in ${target.kernelFormats.join(', ')}.`,
    ...target.notes.map((note) => `- Note: ${note}`),
    `- Evidence: schemes ${target.evidence.schemes}, placement ${target.evidence.placement}, operators ${target.evidence.operators}. ${target.evidence.sources.join('; ')}.`,
    '',
  ];
}

function rulesList(rules: readonly SchemeRule[], role: 'activation' | 'weight'): string[] {
  return rules.map((rule) => `  - ${describeRule(rule, role)}${rule.note === undefined ? '' : ` (${rule.note})`}`);
}

function operatorLines(operators: Target['operators']): string[] {
  const names = (kind: OperatorSupport['kind']): string[] =>
    Object.entries(operators).flatMap(([name, support]) => (support.kind === kind ? [name] : []));
  const lines: string[] = [];
  for (const [kind, title] of [
    ['integer', 'Integer operators'],
    ['passThrough', 'Share the parameters of their input'],
    ['absorbed', 'Absorbed by their producer'],
  ] as const) {
    const found = names(kind);
    if (found.length > 0) lines.push(`- ${title}: ${found.join(', ')}.`);
  }
  const fixed = Object.entries(operators).flatMap(([name, s]) =>
    s.kind === 'integer' && s.output !== undefined
      ? [`${name} (scale 1/${1 / s.output.scale}, zero point ${s.output.zeroPoint})`]
      : [],
  );
  if (fixed.length > 0) lines.push(`- Outputs prescribed: ${fixed.join(', ')}.`);
  const reasons = new Map<string, string[]>();
  for (const [name, support] of Object.entries(operators)) {
    if (support.kind === 'float') reasons.set(support.reason, [...(reasons.get(support.reason) ?? []), name]);
  }
  for (const [reason, found] of reasons) lines.push(`- Float, because ${reason}: ${found.join(', ')}.`);
  return lines;
}

function peakSection(): string[] {
  return [
    '## Peak rates',
    '',
    'Multiply–accumulates per clock cycle and core, in registers; in brackets the ratio to float32 on the same instruction set.',
    'A format without a number has no instruction there: values are widened first, and fewer bits save memory only.',
    '`theoreticalPeak(target, format)` and `canFormatPay(target, format, isa)` answer from these numbers.',
    '',
    ...table(
      ['instruction set', ...peakFormats, 'evidence'],
      instructionSets.map((set) => [
        `${set.id} (${set.title})`,
        ...peakFormats.map((format) => cell(set.rates, format)),
        set.evidence,
      ]),
    ),
    '',
    'How each number follows: MACs per pass through the instruction sequence / cycles per pass when its ports are full.',
    '',
    ...instructionSets.flatMap((set) => [
      `- **${set.id}**: ${set.assumes}.`,
      ...peakFormats.flatMap((format) => {
        const rate = set.rates[format];
        if (rate === undefined) return [];
        return [
          `  - ${format}: ${number(rate.macsPerStep)} / ${number(rate.cyclesPerStep)} = ${number(rate.macsPerCycle)} (${rate.step})`,
        ];
      }),
    ]),
    '',
  ];
}

function cell(rates: (typeof instructionSets)[number]['rates'], format: PeakFormat): string {
  const rate = rates[format]?.macsPerCycle;
  const float = rates.f32?.macsPerCycle;
  if (rate === undefined || float === undefined) return '–';
  return format === 'f32' ? number(rate) : `${number(rate)} (${number(rate / float)}×)`;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}
