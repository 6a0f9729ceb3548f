import type { Times } from '../measure/interleave';
import type { EngineName } from './engine-name';
import type { TfjsReport, TfjsRow, TfjsRun } from './result';

/** The report as Markdown: one line per workload, then what was measured when. */
export function tfjsMarkdown({ rows }: TfjsReport): string {
  return [
    '# TensorFlow.js',
    '',
    'Engines run in processes of their own and take turns of about 0.3 s, after a pause in which the threads of the one before go to ' +
      'sleep and one step that is not counted. Times are medians (fastest) in ms per step; `ratio` is tfjs-node over bitwright. ' +
      'PyTorch runs the same network eagerly, channels last.',
    '',
    '| workload | bitwright | tfjs-node | PyTorch | ratio | of fastest steps |',
    '|---|--:|--:|--:|--:|--:|',
    ...rows.map(rowLine),
    '',
    ...rows.map(({ workload, description }) => `- ${workload}: ${description}.`),
    '',
    ...runs(rows).map(([run, workloads]) => `${runLine(run)} ${workloads.join(', ')}.`),
    '',
  ].join('\n');
}

export function rowLine({ workload, ms, ratio, minRatio }: TfjsRow): string {
  const cells = engines.map((name) => time(ms[name]));
  return `| ${[workload, ...cells, times(ratio), times(minRatio)].join(' | ')} |`;
}

// — internals —

const engines: readonly EngineName[] = ['bitwright', 'tfjs-node', 'pytorch'];

/** Rows that were measured in one go, together. */
function runs(rows: readonly TfjsRow[]): [TfjsRun, string[]][] {
  const grouped = new Map<string, [TfjsRun, string[]]>();
  for (const { run, workload } of rows) {
    const key = JSON.stringify(run);
    const group = grouped.get(key) ?? [run, []];
    group[1].push(workload);
    grouped.set(key, group);
  }
  return [...grouped.values()];
}

function runLine({ machine, versions, commit, date, load }: TfjsRun): string {
  return `${machine}; ${versions}; commit ${commit}, ${date}, load ${load}:`;
}

function time(measured: Times | undefined): string {
  return measured === undefined ? '–' : `${measured.median.toPrecision(3)} (${measured.min.toPrecision(3)})`;
}

function times(ratio: number | null): string {
  return ratio === null ? '–' : `${ratio.toFixed(2)}×`;
}
