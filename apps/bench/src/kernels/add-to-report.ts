import type { MeasuredPeak } from '@bitwright/kernels-native';
import { best, withPeak, withScaling } from './derived-columns';
import type { KernelSuite } from './kernel-suite';
import type { KernelReport, KernelRow } from './result';

/**
 * A report with the rows of an earlier one that were not measured again, in the order of the suites; where both measured a limit, the
 * higher one holds. Numbers that stand side by side are of one state: rows of another commit, of changed files (which may have
 * changed again) or of another processor are not kept.
 */
export function addToReport(earlier: KernelReport, report: KernelReport, suites: readonly KernelSuite[]): KernelReport {
  if (!isSameState(earlier, report)) return report;
  const key = (row: KernelRow): string => [row.suite, row.group, row.case, row.isa, row.threads].join('/');
  const measured = new Set(report.rows.map(key));
  const rows = [...earlier.rows.filter((row) => !measured.has(key(row))), ...report.rows].sort(
    (a, b) => placeOf(a, suites) - placeOf(b, suites) || a.isa.localeCompare(b.isa) || a.threads - b.threads,
  );
  const peaks = [...report.peaks];
  for (const old of earlier.peaks) {
    const index = peaks.findIndex((peak) => peak.isa === old.isa && peak.threads === old.threads);
    if (index < 0) peaks.push(old);
    else peaks[index] = best(old, peaks[index] as MeasuredPeak);
  }
  return {
    ...report,
    emptyPeerCallMs: { ...earlier.emptyPeerCallMs, ...report.emptyPeerCallMs },
    peaks,
    rows: rows.map((row) => withScaling(withPeak(row, suites, peaks), rows)),
  };
}

// — internals —

/** Whether both are of the same committed files on the same processor. */
function isSameState(a: KernelReport, b: KernelReport): boolean {
  return a.commit === b.commit && !a.commit.endsWith('+') && a.machine.cpu === b.machine.cpu;
}

function placeOf(row: KernelRow, suites: readonly KernelSuite[]): number {
  const suite = suites.findIndex(({ name }) => name === row.suite);
  const place = suites[suite]?.cases.findIndex(({ name, group }) => name === row.case && group === row.group) ?? 0;
  return suite * 10_000 + place;
}
