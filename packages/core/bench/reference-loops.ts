// How fast the readable TypeScript loops are: the number that native kernels have to beat.
//
//   npx tsx packages/core/bench/reference-loops.ts [--quick]
//
// Writes results/reference-loops.json and .md beside this file (then: npx biome format --write packages/core/bench). Each case is warmed up, then timed in samples of at least
// 8 ms; the table shows the median and the least of 31 samples (5 with --quick), one thread. Time is CPU time of this process,
// so that other programs on the machine do not count as long as they leave caches and clocks alone; see the load average.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchCase, benchCases } from './cases';

const isQuick = process.argv.includes('--quick');
const sampleMs = 8;
const samples = isQuick ? 5 : 31;
const here = dirname(fileURLToPath(import.meta.url));

interface Row {
  readonly family: string;
  readonly name: string;
  readonly elements: number;
  readonly medianNsPerElement: number;
  readonly leastNsPerElement: number;
  /** Bytes read and written per second; null where arithmetic is the work. */
  readonly gigabytesPerSecond: number | null;
  /** Millions of elements (products: multiply–accumulates) per second. */
  readonly millionsPerSecond: number;
}

function measure({ family, name, elements, bytes, run }: BenchCase): Row {
  run();
  let calls = 1;
  for (let ms = time(run, calls); ms < sampleMs; ms = time(run, calls)) {
    calls = Math.max(calls + 1, Math.ceil((calls * sampleMs) / Math.max(ms, 0.1)));
  }
  const ns = Array.from({ length: samples }, () => (time(run, calls) * 1e6) / calls).sort((a, b) => a - b);
  const median = ns[Math.floor(samples / 2)] as number;
  return {
    family,
    name,
    elements,
    medianNsPerElement: rounded(median / elements),
    leastNsPerElement: rounded((ns[0] as number) / elements),
    gigabytesPerSecond: bytes === 0 ? null : rounded(bytes / median),
    millionsPerSecond: rounded((elements / median) * 1000),
  };
}

function time(run: () => void, calls: number): number {
  const start = process.cpuUsage();
  for (let i = 0; i < calls; i++) run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function git(...argv: string[]): string {
  return execFileSync('git', argv, { cwd: here, encoding: 'utf8' }).trim();
}

/** Where the measured loops live; changes elsewhere do not matter here. */
const measured = ['format', 'float', 'integer', 'quantize.ts', 'rounding.ts', 'packing.ts', 'statistics-loops.ts'].map(
  (path) => `../src/${path}`,
);

const loadBefore = loadavg()[0] as number;
const rows = benchCases().map((c) => {
  const row = measure(c);
  process.stderr.write(`${row.family} ${row.name}: ${row.medianNsPerElement} ns\n`);
  return row;
});

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform}-${process.arch}`,
  loadAverageBefore: rounded(loadBefore),
};
const versions = { node: process.version, v8: process.versions.v8 };
const commit = `${git('rev-parse', 'HEAD')}${git('status', '--porcelain', '--', ...measured) === '' ? '' : ' with local changes'}`;
const result = { machine, versions, commit, samples, sampleMs, rows };

const table = rows.map(
  (r) =>
    `| ${r.family} | ${r.name} | ${r.medianNsPerElement} | ${r.leastNsPerElement} | ${r.millionsPerSecond} | ${r.gigabytesPerSecond ?? '–'} |`,
);
const markdown = [
  '# Reference loops',
  '',
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; load average before the run ${machine.loadAverageBefore}.`,
  `Node ${versions.node} (V8 ${versions.v8}), commit ${commit}. Median of ${samples} samples of at least ${sampleMs} ms, one thread, CPU time.`,
  '',
  'An element of a product is one multiply–accumulate. GB/s counts the bytes read and written.',
  '',
  '| family | case | median ns/element | least ns/element | million/s | GB/s |',
  '|---|---|--:|--:|--:|--:|',
  ...table,
  '',
];
writeFileSync(join(here, 'results/reference-loops.json'), `${JSON.stringify(result, undefined, 2)}\n`);
writeFileSync(join(here, 'results/reference-loops.md'), markdown.join('\n'));
process.stdout.write(markdown.join('\n'));
