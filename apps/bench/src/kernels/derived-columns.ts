import type { MeasuredPeak } from '@bitwright/kernels-native';
import type { KernelSuite } from './kernel-suite';
import type { KernelRow } from './result';

/** The higher of each: what disturbs a measurement lowers it. */
export function best(a: MeasuredPeak, b: MeasuredPeak): MeasuredPeak {
  const limits = ['f32', 'i8', 'shift', 'b1', 'copy', 'read'] as const;
  return { ...a, ...Object.fromEntries(limits.map((key) => [key, Math.max(a[key], b[key])])) };
}

/** The row with its share of the limit. */
export function withPeak(row: KernelRow, suites: readonly KernelSuite[], peaks: readonly MeasuredPeak[]): KernelRow {
  const limit = suites
    .find(({ name }) => name === row.suite)
    ?.cases.find(({ name, group }) => name === row.case && group === row.group)?.limit;
  const peak = peaks.find(({ isa, threads }) => isa === row.isa && threads === row.threads);
  if (limit === undefined || peak === undefined) return row;
  return { ...row, peakFraction: (row.gops * 1e9) / peak[limit] };
}

/** The row with what several threads gained over one, where both were measured. */
export function withScaling(row: KernelRow, rows: readonly KernelRow[]): KernelRow {
  const alone = rows.find(
    (other) =>
      other.threads === 1 &&
      other.suite === row.suite &&
      other.group === row.group &&
      other.case === row.case &&
      other.isa === row.isa,
  );
  if (row.threads === 1 || alone === undefined) return row;
  return { ...row, aloneMs: alone.oursMinMs, scaling: alone.oursMinMs / row.oursMinMs };
}
