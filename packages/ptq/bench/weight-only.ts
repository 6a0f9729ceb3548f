/**
 * Measures weight-only quantization on the small language model: perplexity, file size, time to quantize and latency of every dtype
 * and method, beside onnxruntime.quantization in Python where it is installed. All files run in the same onnxruntime-node.
 *
 *   npx tsx --conditions=@bitwright/source packages/ptq/bench/weight-only.ts [--peer /path/to/python]
 *
 * The Python needs onnxruntime, onnx and onnx_ir; its HQQ needs torch too.
 *
 * Writes results/weight-only.json and results/weight-only.md. Needs shared/data (BITWRIGHT_SHARED, or ../shared beside the checkout).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import {
  compareLatency,
  type Feeds,
  loadRuntime,
  type QuantizeWeightsOptions,
  quantizeWeights,
  type Runtime,
} from '@bitwright/ptq';

const shared = resolve(process.env['BITWRIGHT_SHARED'] ?? join(import.meta.dirname, '../../../../shared'));
const modelPath = join(shared, 'data/models/tinylm_llama_233k.onnx');
const resultFolder = join(import.meta.dirname, 'results');
const sequenceLength = 128;
const batch = 8;
/** GPTQ sees the first half of the sequences; the second half is held out. */
const calibrationSequences = 32;
const sequences = 64;
const latencyRuns = 101;

interface Row {
  readonly tool: string;
  readonly form: string;
  readonly bytes?: number;
  readonly perplexity?: number;
  readonly heldOut?: number;
  /** Float time over this file's time, one thread, one sequence. */
  readonly speedup?: number;
  readonly seconds?: number;
  readonly note?: string;
}

type Case = readonly [form: string, options: QuantizeWeightsOptions];

const cases = (calibration: readonly Feeds[]): readonly Case[] => [
  ['fp16', { dtype: 'fp16' }],
  ['q8 = uint8, per row', { dtype: 'q8' }],
  ['uint8, per tensor', { dtype: 'uint8', perChannel: false }],
  ['int8, 7-bit range, per row', { dtype: 'int8' }],
  ['int8, full range, per row', { dtype: 'int8', reduceRange: false }],
  ['q4 rtn, symmetric', { dtype: 'q4', method: 'rtn' }],
  ['q4 rtn, asymmetric', { dtype: 'q4', method: 'rtn', symmetric: false }],
  ['q4 mse, symmetric (default)', { dtype: 'q4' }],
  ['q4 mse, asymmetric', { dtype: 'q4', symmetric: false }],
  ['q4 hqq, symmetric', { dtype: 'q4', method: 'hqq' }],
  ['q4 hqq, asymmetric', { dtype: 'q4', method: 'hqq', symmetric: false }],
  ['q4 hqq, real zero points', { dtype: 'q4', method: 'hqq', symmetric: false, realZeroPoints: true }],
  ['q4 gptq, symmetric', { dtype: 'q4', method: 'gptq', calibration }],
  ['q4 gptq, asymmetric', { dtype: 'q4', method: 'gptq', symmetric: false, calibration }],
  ['q4, accuracy level 0', { dtype: 'q4', accuracyLevel: 0 }],
  ['q4, embedding and head float', { dtype: 'q4', embeddings: false }],
  ['q4 as QDQ (ai.onnx operators)', { dtype: 'q4', spelling: 'qdq' }],
  ['q4f16', { dtype: 'q4f16' }],
  ['q4f16 gptq, asymmetric', { dtype: 'q4f16', method: 'gptq', symmetric: false, calibration }],
  ['bnb4 (nf4)', { dtype: 'bnb4' }],
  ['q2 rtn, blocks of 32', { dtype: 'q2', method: 'rtn' }],
  ['q2 mse, blocks of 32', { dtype: 'q2' }],
  ['q2 mse, blocks of 32, accuracy level 0', { dtype: 'q2', accuracyLevel: 0 }],
  ['q2 gptq, blocks of 32', { dtype: 'q2', method: 'gptq', calibration }],
  ['q2 gptq, blocks of 16', { dtype: 'q2', method: 'gptq', blockSize: 16, calibration }],
];

const runtime = await loadRuntime();
const tokens = readTokens(join(shared, 'data/tinylm/tokens.npy'));
const float = readFileSync(modelPath);
const model = decodeModel(float);
const calibration = feedsOf(0, calibrationSequences);
const rows: Row[] = [await measure('float', 'float32', float)];
for (const [form, options] of cases(calibration)) {
  const start = performance.now();
  const result = await quantizeWeights(model, { ...options, runtime, verification: calibration.slice(0, 1) });
  const seconds = (performance.now() - start) / 1000;
  rows.push({ ...(await measure('bitwright', form, encodeModel(result.model))), seconds });
  process.stderr.write(`${form}\n`);
}
const peer = peerPython();
if (peer !== undefined) rows.push(...(await measurePeer(peer)));
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  vnni: readFileSync('/proc/cpuinfo', 'utf8').includes('vnni'),
  load: loadavg()[0],
  node: process.version,
  runtime: `${runtime.name} ${runtime.version}`,
  commit,
  date: new Date().toISOString().slice(0, 10),
};
writeFileSync(join(resultFolder, 'weight-only.json'), `${JSON.stringify({ machine, rows }, null, 2)}\n`);
writeFileSync(join(resultFolder, 'weight-only.md'), markdown());

// — internals —

function readTokens(path: string): BigInt64Array {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  return new BigInt64Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}

function feedsOf(first: number, end: number, size = batch): readonly Feeds[] {
  const feeds: Feeds[] = [];
  for (let at = first; at < end; at += size) {
    const count = Math.min(size, end - at);
    const data = tokens.slice(at * sequenceLength, (at + count) * sequenceLength);
    feeds.push({ tokens: { type: 'int64', data, dims: [count, sequenceLength] } });
  }
  return feeds;
}

async function measure(tool: string, form: string, bytes: Uint8Array): Promise<Row> {
  const latency = await compareLatency(float, bytes, {
    runtime,
    feeds: feedsOf(0, 1)[0] as Feeds,
    runs: latencyRuns,
    threads: 1,
  });
  return {
    tool,
    form,
    bytes: bytes.length,
    perplexity: await perplexity(runtime, bytes, feedsOf(0, sequences)),
    heldOut: await perplexity(runtime, bytes, feedsOf(calibrationSequences, sequences)),
    speedup: latency.ratio,
  };
}

/** exp of the mean negative log-likelihood of each next token. */
async function perplexity(engine: Runtime, bytes: Uint8Array, feeds: readonly Feeds[]): Promise<number> {
  const session = await engine.createSession(bytes);
  let total = 0;
  let count = 0;
  for (const each of feeds) {
    const logits = Object.values(await session.run(each))[0];
    const ids = each['tokens'];
    if (logits === undefined || ids === undefined) continue;
    const [sequencesHere = 0, , vocabulary = 0] = logits.dims;
    for (let r = 0; r < sequencesHere; r++) {
      for (let t = 0; t + 1 < sequenceLength; t++) {
        const start = (r * sequenceLength + t) * vocabulary;
        const scores = (logits.data as Float32Array).subarray(start, start + vocabulary);
        const max = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
        const sum = scores.reduce((a, b) => a + Math.exp(b - max), 0);
        total += max + Math.log(sum) - (scores[Number(ids.data[r * sequenceLength + t + 1])] ?? 0);
        count += 1;
      }
    }
  }
  await session.release();
  return Math.exp(total / count);
}

function peerPython(): string | undefined {
  const at = process.argv.indexOf('--peer');
  return at < 0 ? undefined : process.argv[at + 1];
}

async function measurePeer(python: string): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-'));
  try {
    const script = join(import.meta.dirname, 'weight-only-peer.py');
    const output = execFileSync(python, [script, modelPath, folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { version, forms } = JSON.parse(output.trim().split('\n').pop() ?? '{}') as {
      version: string;
      forms: Record<string, { file?: string; seconds?: number; error?: string }>;
    };
    const measured: Row[] = [];
    for (const [form, { file, seconds, error }] of Object.entries(forms)) {
      const tool = `onnxruntime.quantization ${version}`;
      if (file === undefined) {
        measured.push({ tool, form, note: error ?? 'failed' });
        continue;
      }
      try {
        const row = await measure(tool, form, readFileSync(file));
        measured.push({ ...row, ...(seconds === undefined ? {} : { seconds }) });
      } catch (cause) {
        // A file that the runtime refuses is a result, not a reason to stop.
        measured.push({ tool, form, note: `does not load: ${(cause as Error).message.slice(-70)}` });
      }
    }
    return measured;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function markdown(): string {
  const cell = (value: number | undefined, digits: number): string =>
    value === undefined ? '' : value.toFixed(digits);
  const base = rows[0]?.bytes ?? 1;
  const table = rows.map((row) => {
    const size = row.bytes === undefined ? (row.note ?? '') : `${(row.bytes / 1000).toFixed(1)} kB`;
    const share = row.bytes === undefined ? '' : `${((100 * row.bytes) / base).toFixed(1)} %`;
    return `| ${[row.tool, row.form, size, share, cell(row.perplexity, 3), cell(row.heldOut, 3), cell(row.speedup, 2), cell(row.seconds, 2)].join(' | ')} |`;
  });
  return [
    '# Weight-only quantization of a language model',
    '',
    `Model tinylm_llama_233k (233,000 weights, tied head, ${sequences} sequences of ${sequenceLength} tokens). GPTQ saw sequences 0 to ${calibrationSequences - 1}; "held out" is measured on the others. Speed: float time over this file's, one thread, one sequence, median of ${latencyRuns} interleaved runs. Seconds: the whole call, verification included (Python: the call alone).`,
    '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.vnni ? 'VNNI' : 'no VNNI'}; Node ${machine.node}, ${machine.runtime}; commit ${machine.commit}, ${machine.date}; load ${machine.load?.toFixed(1)}.`,
    '',
    '| tool | form | file | of float | perplexity | held out | speed | seconds |',
    '|---|---|---|---|---|---|---|---|',
    ...table,
    '',
  ].join('\n');
}
