import type { FloatNode, QuantizationReport } from './report';

/** One row of the float-against-quantized table. */
export interface ReportRow {
  readonly label: string;
  readonly float: string;
  readonly quantized: string;
  /** What the comparison means, e.g. `3.61x smaller`. */
  readonly note: string;
}

/** The measured figures as table rows; figures that were not measured are not there. */
export function reportRows(report: QuantizationReport): readonly ReportRow[] {
  const { size, activationMemory, evaluation, latency, runtimeGraph } = report;
  const rows: ReportRow[] = [];
  if (evaluation !== undefined) {
    const { float, quantized, samples } = evaluation;
    const drop = 100 * (float.top1 - quantized.top1);
    rows.push({
      label: 'top-1 accuracy',
      float: percent(float.top1),
      quantized: percent(quantized.top1),
      note: `${drop > 0 ? '-' : '+'}${Math.abs(drop).toFixed(2)} points on ${samples} samples`,
    });
  }
  rows.push({
    label: 'file size',
    float: formatBytes(size.floatBytes),
    quantized: formatBytes(size.quantizedBytes),
    note: `${percent(size.quantizedBytes / size.floatBytes)} of float`,
  });
  if (activationMemory !== undefined) {
    rows.push({
      label: 'peak activation memory',
      float: formatBytes(activationMemory.floatBytes),
      quantized: formatBytes(activationMemory.quantizedBytes),
      note: `${percent(activationMemory.quantizedBytes / activationMemory.floatBytes)} of float`,
    });
  }
  if (latency !== undefined) {
    const { floatMs, quantizedMs, ratio, batch } = latency;
    rows.push({
      label: `latency, batch ${batch}`,
      float: `${floatMs.toFixed(2)} ms`,
      quantized: `${quantizedMs.toFixed(2)} ms`,
      note: ratio >= 1 ? `${ratio.toFixed(2)}x faster` : `${(1 / ratio).toFixed(2)}x SLOWER`,
    });
  }
  if (runtimeGraph !== undefined) {
    const all = runtimeGraph.integer + runtimeGraph.float;
    rows.push({
      label: 'operators on integer kernels',
      float: `0 of ${all}`,
      quantized: `${runtimeGraph.integer} of ${all}`,
      note: `${percent(runtimeGraph.integerShare)}; ${runtimeGraph.quantizers} quantizers between`,
    });
  }
  return rows;
}

/** The report as plain text, no colour, ending with a newline. */
export function formatReport(report: QuantizationReport): string {
  const rows = reportRows(report);
  const widths = (['label', 'float', 'quantized'] as const).map((key) =>
    Math.max(key.length, ...rows.map((row) => row[key].length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const lines = [
    `${report.model} for ${report.target}, calibrated on ${report.calibration.samples} samples (${report.calibration.activationRange})`,
    ...report.refinement,
    '',
    line(['', 'float', 'quantized', '']),
    ...rows.map((row) => line([row.label, row.float, row.quantized, row.note])),
  ];
  if (report.verification !== undefined) {
    lines.push('', `exported file against float, ${report.verification.samples} samples:`);
    for (const output of report.verification.outputs) {
      lines.push(
        `  ${output.output}: SQNR ${output.sqnrDb.toFixed(1)} dB, cosine ${output.cosine.toFixed(5)}, largest error ${output.maxAbsError.toPrecision(3)}`,
      );
    }
  }
  lines.push('', ...formatPlan(report.plan));
  if (report.warnings.length > 0) lines.push('', ...report.warnings.map((warning) => `warning: ${warning}`));
  return `${lines.join('\n')}\n`;
}

function formatPlan(plan: QuantizationReport['plan']): string[] {
  const head = `plan: ${plan.integer} integer, ${plan.passThrough} moving codes, ${plan.absorbed} absorbed, ${plan.float.length} in float`;
  const groups = new Map<string, FloatNode[]>();
  for (const node of plan.float) {
    const key = `${node.opType}: ${node.reason}`;
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return [
    head,
    ...[...groups].map(
      ([key, nodes]) => `  float ${key} (${nodes.length === 1 ? nodes[0]?.node : `${nodes.length} nodes`})`,
    ),
  ];
}

/** `1.09 MB` (decimal units, three digits). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
