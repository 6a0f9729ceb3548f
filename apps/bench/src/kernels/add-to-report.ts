import type { MeasuredPeak } from '@bitwright/kernels-native';
import { best, withPeak, withScaling } from './derived-columns';
import type { KernelSuite } from './kernel-suite';
import type { KernelReport, KernelRow } from './result';

/**
 * A report with the rows of an earlier one that were not measured again, in the order of the suites; where both measured a limit, the
 * higher one holds. Rows of another commit are not kept: numbers that stand side by side are of one state.
 */
export function addToReport(earlier: KernelReport, report: KernelReport, suites: readonly KernelSuite[]): KernelReport {
  if (stateOf(earlier) !== stateOf(report)) return report;
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

/** The commit, whether or not result files had changed, and the processor. */
function stateOf({ commit, machine }: KernelReport): string {
  return `${commit.replace(/\+$/, '')} ${machine.cpu}`;
}

function placeOf(row: KernelRow, suites: readonly KernelSuite[]): number {
  const suite = suites.findIndex(({ name }) => name === row.suite);
  const place = suites[suite]?.cases.findIndex(({ name, group }) => name === row.case && group === row.group) ?? 0;
  return suite * 10_000 + place;
}
