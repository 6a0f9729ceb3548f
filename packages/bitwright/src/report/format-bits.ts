import type { MixedPrecisionReport, RangeChoice } from '@bitwright/ptq';
import type { LadderSummary } from '../commands/quantize-ladder';
import { formatDuration } from '../terminal/format-number';
import { formatTable } from '../terminal/table';

/** `bits by kl, size 48.7 % of 8 bits: 3 layers w8a8, 17 w4a8, 35 w2a8`. */
export function formatMixedPrecision(mixed: MixedPrecisionReport): readonly string[] {
  const counts = new Map<string, number>();
  for (const { bits } of mixed.layers) counts.set(bits, (counts.get(bits) ?? 0) + 1);
  const shown = [...counts].sort(([a], [b]) => (a < b ? 1 : -1)).map(([bits, count]) => `${count} ${bits}`);
  const share = ((100 * mixed.cost) / mixed.costAt8Bits).toFixed(1);
  const kind = mixed.isExact ? '' : ' (best of a sweep)';
  return [`  bits by ${mixed.metric}, ${mixed.kind} ${share} % of 8 bits${kind}: ${shown.join(', ')} layers`];
}

/** How often each range selector was chosen. */
export function formatRanges(choices: readonly RangeChoice[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { chosen, role } of choices) {
    const key = `${chosen} for ${role === 'weight' ? 'weights' : 'activations'}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const shown = [...counts].sort(([, a], [, b]) => b - a).map(([key, count]) => `${key} (${count})`);
  return [`  measured ranges: ${shown.join(', ')}`];
}

/** One line per technique that was tried, with what it gained. */
export function formatLadder(ladder: LadderSummary): readonly string[] {
  const percent = (share: number | undefined): string => (share === undefined ? '' : `${(100 * share).toFixed(2)} %`);
  const rows = ladder.rungs.map((rung) => [
    rung.name,
    percent(rung.top1),
    rung.gain === undefined ? '' : `${rung.gain > 0 ? '+' : ''}${(100 * rung.gain).toFixed(2)}`,
    rung.problem ?? (rung.isKept ? 'kept' : 'not kept'),
    formatDuration(1000 * rung.seconds),
  ]);
  return [
    '',
    formatTable(
      ['tried one after another', 'top-1', 'gain', '', ''],
      [['float', percent(ladder.floatTop1), '', '', ''], ...rows],
      ['left', 'right', 'right', 'left', 'right'],
    ),
    `  ${ladder.advice}`,
  ];
}
