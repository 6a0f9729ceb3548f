/**
 * Round-to-nearest against adaptive rounding at few bits, measured on the exported files in onnxruntime.
 *
 *   npx tsx --conditions=@bitwright/source packages/ptq/bench/rounding.ts [--models a,b] [--bits w4a8,w3a8] [--methods nearest,gptq]
 *
 * Results are kept in bench/results/rounding.json after each run; what is there already is not measured again.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ConvolutionBackend, fullRange, meanSquaredError, ortX64 } from '@bitwright/core';
import { planPlacement, writeQdq } from '@bitwright/export';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import { buildSpec } from '../src/build-spec';
import { calibrate } from '../src/calibrate';
import { evaluateClassifiers } from '../src/evaluate';
import { prepareModel } from '../src/prepare-model';
import { reconstructBlocks } from '../src/reconstruction/reconstruct-blocks';
import { lowBitSchemes } from '../src/rounding/low-bit-schemes';
import { roundThroughNoise } from '../src/rounding/round-through-noise';
import { roundWeights } from '../src/rounding/round-weights';
import { forCopies, separateSkips } from '../src/rounding/separate-skips';
import type { Runtime } from '../src/session';
import { verifyExported } from '../src/verify';
import { oneThreadRuntime } from './one-thread';
import { type RoundingCase, roundingCase } from './rounding-cases';
import { sharedFolder } from './rounding-data';

/**
 * nearest: full weight ranges; nearest-mse: weight ranges by mean squared error; brecq: gptq, then whole blocks, 300 iterations each, and
 * brecq-long 1,000; the others round adaptively.
 */
type Method = 'nearest' | 'nearest-mse' | 'gptq' | 'gptq-asymmetric' | 'gptq-symmetric' | 'adaround' | BlockMethod;
type BlockMethod = keyof typeof blockIterations;

const blockIterations = { brecq: 300, 'brecq-long': 1000 } as const;

interface Measurement {
  readonly model: string;
  readonly bits: string;
  /** narrow: additions read a value in as few bits as the layers that share it. */
  readonly skips?: 'narrow';
  readonly method: Method;
  readonly data: string;
  /** Percent. */
  readonly float: number;
  readonly quantized: number;
  readonly sqnrDb: number;
  /** Of rounding alone; wall clock and processor time. */
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  /** Mean over layers of adaptive over nearest output error, both with the same quantized inputs. */
  readonly errorRatio?: number;
}

const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: 'resnet20_cifar10,resnet56_cifar10,mobilenetv2_imagenet' },
    bits: { type: 'string', default: 'w8a8,w4a8,w3a8,w2a8,w4a4' },
    methods: { type: 'string', default: 'nearest,nearest-mse,gptq,adaround' },
    samples: { type: 'string', default: '512' },
    kernels: { type: 'string', default: '@bitwright/kernels-native' },
    'narrow-skips': { type: 'boolean', default: false },
    calibration: { type: 'string', default: '1024' },
    out: { type: 'string', default: join(import.meta.dirname, 'results', 'rounding') },
  },
});

const log = (text: string): boolean => process.stderr.write(`${text}\n`);
const read = (path: string): Measurement[] => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).results : []);

/** This package knows no kernels but the reference; who runs the benchmark names a module that has faster ones. */
async function loadKernels(module: string): Promise<ConvolutionBackend | undefined> {
  const { tryLoadNativeBackend } = (await import(module)) as {
    readonly tryLoadNativeBackend: () => { readonly backend?: ConvolutionBackend };
  };
  const { backend } = tryLoadNativeBackend();
  if (backend === undefined) log('No native kernels: block reconstruction takes a hundred times longer.');
  return backend;
}

function isOfBlocks(method: Method): method is BlockMethod {
  return method in blockIterations;
}

/** Undefined: as the noise of the activations allows. */
function reconstructionOf(method: Method): 'asymmetric' | 'symmetric' | undefined {
  return method === 'gptq-asymmetric' ? 'asymmetric' : method === 'gptq-symmetric' ? 'symmetric' : undefined;
}

async function measure(
  kase: RoundingCase,
  bits: string,
  methods: readonly Method[],
  runtime: Runtime,
  save: (measurement: Measurement) => void,
): Promise<void> {
  const [weightBits = 8, activationBits = 8] = bits.match(/\d+/g)?.map(Number) ?? [];
  const prepared = prepareModel(decodeModel(kase.bytes)).model;
  const { calibration, test } = await kase.load(prepared.graph?.input[0]?.name ?? 'input');
  const target = ortX64;
  const wide = planPlacement(prepared, { target });
  const narrow = lowBitSchemes(prepared, wide, { weightBits, activationBits });
  const { model, placement, sources } = flags['narrow-skips']
    ? { model: prepared, placement: narrow, sources: new Map<string, string>() }
    : separateSkips(prepared, wide, narrow);
  const tensors = [...narrow.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
  const activationRange = meanSquaredError();
  const limit = Number(flags.samples);
  const { observers } = await calibrate(prepared, {
    runtime,
    source: calibration,
    tensors,
    observer: activationRange.observer,
    batchSize: 32,
    limit,
  });
  const common = {
    model,
    placement,
    observers: forCopies(observers, { sources, placement }),
    activationRange,
    provenance: { tool: { name: 'bench', version: '0' } },
  };
  const full = buildSpec({ ...common, weightRange: fullRange });
  const float = encodeModel(model);
  for (const method of methods) {
    let rounded = { model, spec: full };
    let extra: Partial<Measurement> = {};
    if (method === 'nearest-mse') rounded = { model, spec: buildSpec({ ...common, weightRange: meanSquaredError() }) };
    else if (method !== 'nearest') {
      const cpu = process.cpuUsage();
      const start = performance.now();
      const rounding = { runtime, source: calibration, samples: limit, reconstruction: reconstructionOf(method) };
      const roundBy = rounding.reconstruction === undefined ? roundThroughNoise : roundWeights;
      const result = await roundBy(model, full, { ...rounding, method: method === 'adaround' ? 'adaround' : 'gptq' });
      const ratios = result.layers.flatMap(({ error, nearestError }) =>
        error === undefined || nearestError === undefined || nearestError === 0 ? [] : [error / nearestError],
      );
      rounded = result;
      if (isOfBlocks(method)) {
        const options = { runtime, source: calibration, samples: limit, iterations: blockIterations[method], kernels };
        rounded = await reconstructBlocks(model, result, options);
      }
      const used = process.cpuUsage(cpu);
      extra = {
        seconds: (performance.now() - start) / 1000,
        cpuSeconds: (used.user + used.system) / 1e6,
        errorRatio: ratios.reduce((a, b) => a + b, 0) / ratios.length,
      };
    }
    const file = encodeModel(writeQdq(rounded.model, rounded.spec, target));
    const result = await evaluateClassifiers(float, file, {
      runtime,
      source: test,
      labels: test.labels,
      batchSize: 100,
    });
    const outputs = await verifyExported(float, file, { runtime, source: test, batchSize: 50, limit: 500 });
    save({
      model: kase.model,
      bits,
      ...(flags['narrow-skips'] ? { skips: 'narrow' } : {}),
      method,
      data: kase.data,
      float: 100 * result.float.top1,
      quantized: 100 * result.quantized.top1,
      sqnrDb: outputs.outputs[0]?.sqnrDb ?? Number.NaN,
      ...extra,
    });
  }
}

/** One row per model and bits: top-1 of each method, and the share of the loss of the better nearest that the best adaptive wins back. */
function table(results: readonly Measurement[], machine: string): string {
  const methods: readonly Method[] = [
    'nearest',
    'nearest-mse',
    'gptq-asymmetric',
    'gptq-symmetric',
    'gptq',
    'adaround',
    'brecq',
    'brecq-long',
  ];
  const adaptive: readonly Method[] = ['gptq', 'adaround', 'brecq', 'brecq-long'];
  const shown = methods.filter((method) => results.some((r) => r.method === method));
  const lines = [
    '# Adaptive rounding',
    '',
    'Top-1 in percent of the exported file in onnxruntime, uint8 activations (4-bit ones with a Clip on the codes), first and last',
    'layer at the full width. nearest: full weight ranges; nearest-mse: weight ranges by mean squared error. Activation ranges by mean',
    'squared error everywhere. brecq: 300 iterations a block; brecq-long: 1,000. Won back: share of the loss of `nearest` (and of the better',
    'of both) that the method recovers. Values that additions and layers both read have a quantizer for each, 8 bits wide for the additions;',
    '`narrow skips`: one for both.',
    '',
    ...[...new Set(results.map((r) => `- ${r.model}: ${r.data}`))],
    '',
    machine,
    '',
    `| model | bits | float | ${shown.join(' | ')} | won back by gptq | adaround | brecq | brecq-long | seconds gptq, adaround, brecq, brecq-long |`,
    `|${'---|'.repeat(shown.length + 8)}`,
  ];
  const rows = new Map<string, Measurement[]>();
  for (const result of results) {
    const key = `${result.model}|${result.bits}${result.skips === 'narrow' ? ', narrow skips' : ''}`;
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  for (const [key, group] of rows) {
    const [model, bits] = key.split('|');
    const of = (method: Method): Measurement | undefined => group.find((r) => r.method === method);
    const float = group[0]?.float ?? Number.NaN;
    const won = (method: Method): string => {
      const value = of(method)?.quantized;
      const nearest = of('nearest')?.quantized;
      const better = Math.max(nearest ?? -1, of('nearest-mse')?.quantized ?? -1);
      if (value === undefined || nearest === undefined) return '–';
      const share = (from: number): string =>
        float - from <= 1 ? 'loss ≤ 1' : `${((100 * (value - from)) / (float - from)).toFixed(0)} %`;
      return `${share(nearest)} (${share(better)})`;
    };
    const seconds = adaptive.map((m) => of(m)?.seconds?.toFixed(0) ?? '–').join(', ');
    const cells = shown.map((method) => of(method)?.quantized.toFixed(2) ?? '–');
    lines.push(
      `| ${model} | ${bits?.replace(/^\w+/, (text) => text.toUpperCase())} | ${float.toFixed(2)} | ${cells.join(' | ')} | ${adaptive.map(won).join(' | ')} | ${seconds} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}

const runtime = await oneThreadRuntime();
const folder = sharedFolder();
const path = `${flags.out}.json`;
mkdirSync(join(flags.out, '..'), { recursive: true });
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node ${process.version}, ${runtime.name} ${runtime.version}. Seconds are wall clock on a shared machine.`;
let results = read(path);
const skips = flags['narrow-skips'] ? 'narrow' : undefined;
const kernels = await loadKernels(flags.kernels);
for (const name of flags.models.split(',')) {
  const kase = roundingCase(folder, name, Number(flags.calibration));
  for (const bits of flags.bits.split(',')) {
    const done = new Set(
      results.filter((r) => r.model === name && r.bits === bits && r.skips === skips).map((r) => r.method),
    );
    const missing = (flags.methods.split(',') as Method[]).filter((method) => !done.has(method));
    if (missing.length === 0) continue;
    await measure(kase, bits, missing, runtime, (measurement) => {
      results = [...results, measurement];
      writeFileSync(path, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
      writeFileSync(`${flags.out}.md`, table(results, machine));
      log(
        `${name} ${bits} ${measurement.method}: ${measurement.quantized.toFixed(2)} (float ${measurement.float.toFixed(2)})`,
      );
    });
  }
}
writeFileSync(`${flags.out}.md`, table(results, machine));
