import { reportRows } from '@bitwright/ptq';
import type { QuantizeDocument } from '../commands/quantize';
import { formatDuration } from '../terminal/format-number';
import { formatTable } from '../terminal/table';
import { formatLadder, formatMixedPrecision, formatRanges } from './format-bits';
import { formatExports } from './format-export';
import { formatFloatNodes } from './group-float-nodes';

/** The result of `quantize` for people: what was done, float beside int8, what stayed float and why, files. */
export function formatQuantizeReport(report: QuantizeDocument): string {
  const { calibration, runtime, plan, verification, files } = report;
  const lines = [
    '',
    `${report.model} → ${files.model}   (${report.target}, ${runtime.name} ${runtime.version})`,
    '',
    `  calibrated on ${calibration.samples} samples of ${calibration.data} in ${formatDuration(calibration.seconds * 1000)}`,
    `  ranges: ${calibration.activationRange} for activations, ${calibration.weightRange} for weights`,
    ...(report.preparation.length === 0 ? [] : [`  prepared by ${summarizeChanges(report.preparation)}`]),
    ...(report.ranges === undefined ? [] : formatRanges(report.ranges)),
    ...(report.mixedPrecision === undefined ? [] : formatMixedPrecision(report.mixedPrecision)),
    ...report.refinement.map((step) => `  ${step}`),
    ...(report.ladder === undefined ? [] : formatLadder(report.ladder)),
    '',
    formatTable(
      ['', 'float', 'int8', ''],
      reportRows(report).map((row) => [row.label, row.float, row.quantized, row.note]),
      ['left', 'right', 'right', 'left'],
    ),
    '',
    `  ${plan.integer} operators on integers, ${plan.passThrough} moving codes, ${plan.absorbed} absorbed, ${plan.float.length} in float`,
    ...formatFloatNodes(plan.float),
  ];
  if (verification !== undefined) {
    lines.push('', `  the written model against float on ${verification.samples} samples`);
    for (const { output, sqnrDb, cosine, maxAbsError } of verification.outputs) {
      lines.push(
        `    ${output}: SQNR ${sqnrDb.toFixed(1)} dB, cosine ${cosine.toFixed(5)}, largest error ${maxAbsError.toPrecision(3)}`,
      );
    }
  }
  lines.push('', `  wrote ${files.model}`, `        ${files.spec}`, `        ${files.report}`, '');
  for (const hint of report.hints) lines.push(`  hint: ${hint}`, '');
  if (report.exports !== undefined) lines.push(formatExports(report.exports, false));
  return `${lines.join('\n')}\n`;
}

// — internals —

/** `foldBatchNorm (19), foldConstants (42)`: changes as `pass: what`, counted by pass. */
function summarizeChanges(changes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const change of changes) {
    const pass = change.split(':')[0] ?? change;
    counts.set(pass, (counts.get(pass) ?? 0) + 1);
  }
  return [...counts].map(([pass, count]) => `${pass} (${count})`).join(', ');
}
