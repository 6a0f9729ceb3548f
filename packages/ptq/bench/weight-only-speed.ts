/**
 * When do low-bit weights pay in time? A stack of matrix products of language-model size, one token at a time and in a batch, in every
 * dtype, against float, interleaved in one run.
 *
 *   npx tsx --conditions=@bitwright/source packages/ptq/bench/weight-only-speed.ts
 *
 * Writes results/weight-only-speed.json and results/weight-only-speed.md.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@bitwright/core';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  tensorFromArray,
} from '@bitwright/onnx';
import { compareLatency, loadRuntime, type QuantizeWeightsOptions, quantizeWeights } from '@bitwright/ptq';

const width = 2048;
const layers = 4;
const runs = 31;
const tokenCounts = [1, 64] as const;

const forms: readonly (readonly [string, QuantizeWeightsOptions])[] = [
  ['fp16', { dtype: 'fp16' }],
  ['q8 (uint8)', { dtype: 'q8' }],
  ['int8, 7-bit range', { dtype: 'int8' }],
  ['q4', { dtype: 'q4', method: 'rtn' }],
  ['q4, asymmetric', { dtype: 'q4', method: 'rtn', symmetric: false }],
  ['q4, blocks of 128', { dtype: 'q4', method: 'rtn', blockSize: 128 }],
  ['q4, accuracy level 0', { dtype: 'q4', method: 'rtn', accuracyLevel: 0 }],
  ['q4f16', { dtype: 'q4f16', method: 'rtn' }],
  ['q4f16, accuracy level 0', { dtype: 'q4f16', method: 'rtn', accuracyLevel: 0 }],
  ['q2', { dtype: 'q2', method: 'rtn' }],
  ['q2, accuracy level 0', { dtype: 'q2', method: 'rtn', accuracyLevel: 0 }],
  ['bnb4', { dtype: 'bnb4' }],
];

const runtime = await loadRuntime();
const model = stack();
const float = encodeModel(model);
const rows: { form: string; share: number; ratios: number[]; ms: number[]; floatMs: number[] }[] = [];
for (const [form, options] of forms) {
  const { model: quantized } = await quantizeWeights(model, { ...options, runtime, verifySamples: 0 });
  const bytes = encodeModel(quantized);
  const measured = [];
  for (const tokens of tokenCounts) {
    const feeds = { x: { type: 'float32' as const, data: noise(tokens * width, 7), dims: [tokens, width] } };
    measured.push(await compareLatency(float, bytes, { runtime, feeds, runs, threads: 1 }));
  }
  rows.push({
    form,
    share: bytes.length / float.length,
    ratios: measured.map(({ ratio }) => ratio),
    ms: measured.map(({ quantizedMs }) => quantizedMs),
    floatMs: measured.map(({ floatMs }) => floatMs),
  });
}
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const vnni = readFileSync('/proc/cpuinfo', 'utf8').includes('vnni');
const machine = `${cpus()[0]?.model}, ${cpus().length} cores, ${vnni ? 'VNNI' : 'no VNNI'}; Node ${process.version}, ${runtime.name} ${runtime.version}; commit ${commit}, ${new Date().toISOString().slice(0, 10)}; load ${loadavg()[0]?.toFixed(1)}`;
const folder = join(import.meta.dirname, 'results');
writeFileSync(
  join(folder, 'weight-only-speed.json'),
  `${JSON.stringify({ machine, width, layers, tokenCounts, rows }, null, 2)}\n`,
);
writeFileSync(join(folder, 'weight-only-speed.md'), markdown());

// — internals —

function noise(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.next() - 0.5);
}

function stack(): ReturnType<typeof createModel> {
  const names = Array.from({ length: layers }, (_, i) => i);
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'stack',
      nodes: names.map((i) =>
        createNode({
          opType: 'MatMul',
          name: `mm${i}`,
          inputs: [i === 0 ? 'x' : `h${i - 1}`, `w${i}`],
          outputs: [i === layers - 1 ? 'y' : `h${i}`],
        }),
      ),
      initializers: names.map((i) =>
        tensorFromArray(
          `w${i}`,
          DataType.FLOAT,
          [width, width],
          noise(width * width, i + 1).map((v) => v / 16),
        ),
      ),
      inputs: [createValueInfo('x', DataType.FLOAT, ['tokens', width])],
      outputs: [createValueInfo('y', DataType.FLOAT, ['tokens', width])],
    }),
  });
}

function markdown(): string {
  const head = tokenCounts.map((tokens) => `${tokens} token${tokens > 1 ? 's' : ''}: times as fast as float`);
  return [
    '# Speed of weight-only forms',
    '',
    `${layers} matrix products of ${width}×${width}, one thread, median of ${runs} interleaved pairs. Above 1: faster than float.`,
    '',
    `${machine}.`,
    '',
    `| form | of float bytes | ${head.join(' | ')} |`,
    `|---|---|${tokenCounts.map(() => '---|').join('')}`,
    ...rows.map(
      ({ form, share, ratios }) =>
        `| ${form} | ${(100 * share).toFixed(1)} % | ${ratios.map((r) => r.toFixed(2)).join(' | ')} |`,
    ),
    '',
  ].join('\n');
}
