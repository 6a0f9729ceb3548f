import { formatBytes } from '../format-report';
import { weightDTypes } from './dtypes';
import type { WeightReport } from './weight-report';

/** Plain text for people. */
export function formatWeightReport(report: WeightReport): string {
  const { settings, size, verification, float16 } = report;
  const lines = [
    `${report.model}: ${settings.dtype}, ${weightDTypes[settings.dtype].title}${describeSettings(report)}`,
    `tensors: ${formatBytes(size.floatBytes)} → ${formatBytes(size.quantizedBytes)} (${((100 * size.quantizedBytes) / size.floatBytes).toFixed(1)} %)`,
    ...size.classes.map((row) => `  ${row.kind}: ${formatBytes(row.floatBytes)} → ${formatBytes(row.quantizedBytes)}`),
    `weights: ${report.weights.length} quantized, ${report.float.length} left in float`,
  ];
  const tied = report.weights.filter((weight) => weight.copies > 1);
  for (const weight of tied) lines.push(`  "${weight.name}": ${weight.copies} copies stored once`);
  for (const tensor of report.float) {
    lines.push(`  float "${tensor.name}" (${formatBytes(tensor.byteLength)}): ${tensor.reason}`);
  }
  if (float16 !== undefined && float16.float32Nodes.length > 0) {
    lines.push(`float32 inside: ${float16.float32Nodes.length} nodes (${groupByType(float16.float32Nodes)})`);
  }
  for (const { name, count } of float16?.clamped ?? []) lines.push(`clamped to ±65504: ${count} values of "${name}"`);
  for (const output of verification?.outputs ?? []) {
    lines.push(
      `${output.output} against float, ${verification?.data}: SQNR ${output.sqnrDb.toFixed(1)} dB, cosine ${output.cosine.toFixed(5)}`,
    );
  }
  lines.push(...report.warnings.map((warning) => `warning: ${warning}`));
  return `${lines.join('\n')}\n`;
}

// — internals —

function describeSettings({ settings, calibrationSamples }: WeightReport): string {
  const { codes } = weightDTypes[settings.dtype];
  if (codes === 'lookup') return `, ${settings.levels}, blocks of ${settings.blockSize}`;
  if (codes === 'rows') return settings.perChannel ? ', per row' : ', per tensor';
  if (codes === undefined) return '';
  const kind = settings.symmetric ? 'symmetric' : 'asymmetric';
  const data = calibrationSamples > 0 ? ` on ${calibrationSamples} samples` : '';
  return `, blocks of ${settings.blockSize}, ${kind}, ${settings.method}${data}`;
}

function groupByType(nodes: readonly { readonly opType: string }[]): string {
  const counts = new Map<string, number>();
  for (const { opType } of nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return [...counts].map(([opType, count]) => `${opType} ${count}`).join(', ');
}
