import { geometricMean } from '../report/geometric-mean';
import type { KernelSuite } from './kernel-suite';
import type { KernelReport, KernelRow } from './result';

/** The report as Markdown: the machine, geometric means per group, then every case. */
export function kernelMarkdown(report: KernelReport, suites: readonly KernelSuite[]): string {
  const { machine, versions, commit, peaks, rows } = report;
  const giga = (rate: number): string => (rate / 1e9).toFixed(0);
  const empty = Object.entries(report.emptyPeerCallMs).map(([n, ms]) => `${ms.toFixed(3)} ms (${n} threads)`);
  return [
    '# Kernels',
    '',
    `${machine.cpu}, ${machine.processors} processors, ${machine.memoryGiB} GiB, ${machine.system}; Node ${versions['node']}, ` +
      `${versions['peer']}; commit ${commit}, ${machine.date}, load ${machine.load}.`,
    '',
    'Both sides are timed in turns in one process. Times are medians (fastest) in ms. `ratio` is the peer over ours, after the ' +
      `cost of an empty call of the peer was taken off: ${empty.join(', ')}. \`peak\` is the share of what this machine was ` +
      'measured to reach with the same instruction set and threads (the better of two measurements, before and after). `scaling` is ' +
      `the fastest call on one thread over the fastest on several; its geometric mean is over the large cases, those of ${largeMs * 1000} µs ` +
      'or more on one thread (with the smallest of them).',
    '',
    '| limits | threads | f32 GFLOP/s | int8 GOP/s | the same by shifts | 1-bit GOP/s | copy GB/s | read GB/s |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
    ...peaks.map(
      (p) => `| ${p.isa} | ${p.threads} | ${[p.f32, p.i8, p.shift, p.b1, p.copy, p.read].map(giga).join(' | ')} |`,
    ),
    ...suites.flatMap((suite) =>
      suiteSection(
        suite,
        rows.filter((row) => row.suite === suite.name),
      ),
    ),
    '',
  ].join('\n');
}

// — internals —

/** Time on one thread from which a case counts as large: handing a loop to another core takes 1 to 2 µs. */
const largeMs = 0.05;

function suiteSection({ name, description }: KernelSuite, rows: readonly KernelRow[]): string[] {
  if (rows.length === 0) return [];
  return [
    '',
    `## ${name}`,
    '',
    description,
    '',
    '| group | isa | threads | cases | ratio (geometric mean) | of fastest calls | peak (geometric mean) | scaling of large cases |',
    '|---|---|--:|--:|--:|--:|--:|--:|',
    ...groups(rows).map(groupLine),
    '',
    '| case | isa | threads | ours | peer | ratio | GOP/s | peak | scaling |',
    '|---|---|--:|--:|--:|--:|--:|--:|--:|',
    ...rows.map(rowLine),
  ];
}

function groups(rows: readonly KernelRow[]): KernelRow[][] {
  const found = new Map<string, KernelRow[]>();
  for (const row of rows) {
    const key = `${row.group}/${row.isa}/${row.threads}`;
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found.values()];
}

function groupLine(rows: readonly KernelRow[]): string {
  const first = rows[0] as KernelRow;
  const mean = (values: readonly (number | null)[]): string => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? '–' : `${geometricMean(known).toFixed(2)}×`;
  };
  const share = geometricMean(rows.map((row) => row.peakFraction));
  return `| ${[
    first.group,
    first.isa,
    first.threads,
    rows.length,
    mean(rows.map((row) => row.ratio)),
    mean(rows.map((row) => row.minRatio)),
    `${(100 * share).toFixed(0)} %`,
    scalingOf(rows),
  ].join(' | ')} |`;
}

/** Geometric mean (and least) over the large cases. */
function scalingOf(rows: readonly KernelRow[]): string {
  const known = rows
    .filter((row) => (row.aloneMs ?? 0) >= largeMs)
    .map((row) => row.scaling)
    .filter((value) => value !== null);
  if (known.length === 0) return '–';
  return `${geometricMean(known).toFixed(2)}× (≥ ${Math.min(...known).toFixed(2)}×, ${known.length} cases)`;
}

export function rowLine(row: KernelRow): string {
  const ms = (median: number | null, min: number | null): string =>
    median === null || min === null ? '–' : `${median.toPrecision(3)} (${min.toPrecision(3)})`;
  return `| ${[
    `${row.group}: ${row.case}`,
    row.isa,
    row.threads,
    ms(row.oursMs, row.oursMinMs),
    ms(row.peerMs, row.peerMinMs),
    row.ratio === null ? '–' : `${row.ratio.toFixed(2)}×`,
    row.gops.toPrecision(3),
    `${(100 * row.peakFraction).toFixed(0)} %`,
    row.scaling === null ? '–' : `${row.scaling.toFixed(2)}×`,
  ].join(' | ')} |`;
}
