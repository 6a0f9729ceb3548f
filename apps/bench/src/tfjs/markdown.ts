import type { Times } from '../measure/interleave';
import type { TfjsReport, TfjsRow } from './result';

/** The report as Markdown: the machine and versions, then one line per workload. */
export function tfjsMarkdown({ machine, versions, commit, rows }: TfjsReport): string {
  const engines = Object.entries(versions).map(([name, version]) => (name === 'node' ? `Node ${version}` : version));
  return [
    '# TensorFlow.js',
    '',
    `${machine.cpu}, ${machine.processors} processors, ${machine.memoryGiB} GiB, ${machine.system}; ${engines.join('; ')}; ` +
      `commit ${commit}, ${machine.date}, load ${machine.load}.`,
    '',
    'Engines run in processes of their own and take turns of two steps. Times are medians (fastest) in ms per step; `ratio` is ' +
      'tfjs-node over bitwright.',
    '',
    '| workload | bitwright | tfjs-node | ratio | of fastest steps |',
    '|---|--:|--:|--:|--:|',
    ...rows.map(rowLine),
    '',
    ...rows.map(({ workload, description }) => `- ${workload}: ${description}.`),
    '',
  ].join('\n');
}

export function rowLine({ workload, ms, ratio, minRatio }: TfjsRow): string {
  const cells = [workload, time(ms.bitwright), time(ms['tfjs-node']), times(ratio), times(minRatio)];
  return `| ${cells.join(' | ')} |`;
}

// — internals —

function time(measured: Times | undefined): string {
  return measured === undefined ? '–' : `${measured.median.toPrecision(3)} (${measured.min.toPrecision(3)})`;
}

function times(ratio: number | null): string {
  return ratio === null ? '–' : `${ratio.toFixed(2)}×`;
}
