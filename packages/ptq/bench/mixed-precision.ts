/**
 * Accuracy against size: bits per layer by measured sensitivity beside one width for all layers, at equal size.
 *
 *   npx tsx --conditions=@bitwright/source packages/ptq/bench/mixed-precision.ts [--model resnet56_cifar10] [--metrics kl,hessian] [--rounding nearest,gptq]
 *
 * Results are kept in bench/results/mixed-precision.json after each point; what is there already is not measured again.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { meanSquaredError, ortX64, type QuantizationSpec } from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import {
  allocateBits,
  type BitAllocations,
  buildSpec,
  calibrationBatchSize,
  collectStatistics,
  createOutputProbe,
  evaluateClassifiers,
  findLowBitLayers,
  formatLayerBits,
  type LayerBits,
  type LayerSensitivity,
  layerMacs,
  measureSensitivity,
  parseLayerBits,
  planPrepared,
  planQuantization,
  predictClasses,
  type Rounding,
  roundToWidths,
  roundWeights,
  type SensitivityMetric,
  stateObservers,
  withinBudget,
} from '../src';
import { oneThreadRuntime } from './one-thread';
import { roundingCase } from './rounding-cases';
import { sharedFolder } from './rounding-data';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'resnet56_cifar10' },
    metrics: { type: 'string', default: 'kl,hessian' },
    rounding: { type: 'string', default: 'nearest,gptq' },
    samples: { type: 'string', default: '512' },
    out: { type: 'string', default: join(import.meta.dirname, 'results', 'mixed-precision') },
  },
});

/** One point of a curve. */
interface Point {
  readonly model: string;
  readonly rounding: Rounding;
  /** `uniform w4`, or the metric that chose the bits. */
  readonly method: string;
  /** Bytes of the weights, packed. */
  readonly bytes: number;
  readonly shareOf8Bit: number;
  readonly top1: number;
  readonly float: number;
  /** Number of layers by bits. */
  readonly bits: Readonly<Record<string, number>>;
}

const probeSamples = 64;
const widths = ['w8a8', 'w6a8', 'w5a8', 'w4a8', 'w3a8', 'w2a8'];
const log = (text: string): boolean => process.stderr.write(`${text}\n`);
const path = `${flags.out}.json`;
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node ${process.version}`;
let points: readonly Point[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).points : [];

const runtime = await oneThreadRuntime();
const kase = roundingCase(sharedFolder(), flags.model, 1024);
const original = decodeModel(kase.bytes);
const plan = planQuantization(original, { target: ortX64 });
const { calibration, test } = await kase.load(plan.model.graph?.input[0]?.name ?? 'input');
const range = meanSquaredError();
const common = { runtime, source: calibration, limit: Number(flags.samples) };
const state = await collectStatistics(plan, {
  ...common,
  selector: range,
  batchSize: calibrationBatchSize(plan, range),
});
const observers = stateObservers(state);
const float = encodeModel(plan.model);
const evaluation = { runtime, source: test, labels: test.labels, batchSize: 100 };
const floatPredictions = await predictClasses(float, evaluation);
const { nodes, outermost } = findLowBitLayers(plan.model, plan.placement);
const eight: LayerBits = { weightBits: 8, activationBits: 8 };
const fixed = new Map([...outermost].map((node): [string, LayerBits] => [node.name, eight]));
const probe = await createOutputProbe(plan.model, { runtime, source: calibration, samples: probeSamples });

/** Losses per layer, kept beside the results: measuring them takes longer than all else. */
async function sensitivityBy(metric: SensitivityMetric, rounding: Rounding): Promise<readonly LayerSensitivity[]> {
  const kept = `${flags.out}.${flags.model}.${metric}${rounding === 'nearest' ? '' : '.rounded'}.json`;
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8'));
  const layers = await measureSensitivity({
    plan,
    layers: nodes,
    observers,
    probe,
    metric,
    weightBits: [8, 6, 5, 4, 3, 2],
    activationBits: [8],
    activationRange: range,
    weightRange: range,
    rounded:
      rounding === 'nearest'
        ? undefined
        : await roundToWidths([6, 5, 4, 3, 2], {
            ...{ plan, observers, activationRange: range, weightRange: range, runtime, source: calibration },
            samples: Number(flags.samples),
          }),
  });
  mkdirSync(join(flags.out, '..'), { recursive: true });
  writeFileSync(kept, `${JSON.stringify(layers, undefined, 2)}\n`);
  return layers;
}

async function allocationsBy(metric: SensitivityMetric, rounding: Rounding): Promise<BitAllocations> {
  const layers = await sensitivityBy(metric, rounding);
  const candidates = widths.map(parseLayerBits);
  return allocateBits({
    layers,
    macs: layerMacs(plan.model, undefined),
    target: ortX64,
    kind: 'size',
    candidates,
    fixed,
  });
}

async function measurePoint(
  layers: ReadonlyMap<string, LayerBits>,
  point: Pick<Point, 'method' | 'bytes' | 'shareOf8Bit' | 'rounding'>,
): Promise<void> {
  const { model, placement } = planPrepared(plan, { target: ortX64, bits: { weightBits: 8, layers } });
  const provenance = { tool: { name: 'bench', version: '0' } };
  const spec = buildSpec({ model, placement, observers, activationRange: range, weightRange: range, provenance });
  const rounded: { model: Model; spec: QuantizationSpec } =
    point.rounding === 'nearest'
      ? { model, spec }
      : await roundWeights(model, spec, {
          runtime,
          source: calibration,
          method: point.rounding,
          samples: Number(flags.samples),
        });
  const file = encodeModel(writeQdq(rounded.model, rounded.spec, ortX64));
  const result = await evaluateClassifiers(float, file, { ...evaluation, floatPredictions });
  const bits: Record<string, number> = {};
  for (const layer of layers.values()) {
    const key = formatLayerBits(layer);
    bits[key] = (bits[key] ?? 0) + 1;
  }
  const measured: Point = {
    model: flags.model,
    ...point,
    top1: 100 * result.quantized.top1,
    float: 100 * result.float.top1,
    bits,
  };
  points = [...points, measured];
  mkdirSync(join(flags.out, '..'), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ machine, points }, undefined, 2)}\n`);
  writeFileSync(`${flags.out}.md`, table());
  log(`${point.rounding} ${point.method} ${(100 * point.shareOf8Bit).toFixed(1)} %: ${measured.top1.toFixed(2)}`);
}

const isMissing = (rounding: Rounding, method: string, bytes: number): boolean =>
  !points.some((p) => p.model === flags.model && p.rounding === rounding && p.method === method && p.bytes === bytes);

function table(): string {
  const lines = [
    '# Mixed precision: accuracy against size',
    '',
    'Size: bytes of the weights of all layers when packed, as a share of 8 bits everywhere. Activations have 8 bits, first and last layers',
    'keep 8-bit weights. `kl`, `sqnr`, `hessian`: bits per layer (8, 6, 5, 4, 3, 2) from the exact knapsack over losses measured by that',
    `metric on ${probeSamples} calibration images (of weights at the nearest points; \`after rounding\`: of weights that GPTQ rounded), never larger than the uniform width in the same row. Weight ranges by mean squared error. Top-1 in`,
    'percent of the exported file in onnxruntime, 10,000 CIFAR-10 test images (one standard error is about 0.25 points; the same images for all).',
    '',
    machine,
    '',
  ];
  const roundings = [...new Set(points.map(({ rounding }) => rounding))];
  const methods = [...new Set(points.map(({ method }) => method))].filter((method) => !method.startsWith('uniform'));
  for (const rounding of roundings) {
    const own = points.filter((p) => p.rounding === rounding);
    lines.push(
      `## ${own[0]?.model}, rounding ${rounding}`,
      '',
      `Float: ${own[0]?.float.toFixed(2)}.`,
      '',
      `| size | uniform | ${methods.join(' | ')} | layers by bits (${methods[0]}) |`,
      `|${'---|'.repeat(methods.length + 3)}`,
    );
    const sizes = [...new Set(own.map(({ shareOf8Bit }) => limitOf(shareOf8Bit)))].sort((a, b) => b - a);
    for (const size of sizes) {
      const row = own.filter(({ shareOf8Bit }) => limitOf(shareOf8Bit) === size);
      const uniform = row.find(({ method }) => method.startsWith('uniform'));
      const cells = methods.map((m) => row.find(({ method }) => method === m)?.top1.toFixed(2) ?? '–');
      const bits = row.find(({ method }) => method === methods[0])?.bits ?? {};
      const shown = Object.entries(bits)
        .sort()
        .map(([key, count]) => `${count}·${key.replace('a8', '')}`);
      const name = uniform === undefined ? '–' : `${uniform.top1.toFixed(2)} (${uniform.method.slice(8)})`;
      lines.push(`| ${size} % | ${name} | ${cells.join(' | ')} | ${shown.join(', ')} |`);
    }
    lines.push('');
  }
  return lines.join('\n');
}

/** Percent of the 8-bit size, to which a mixed point was limited; a mixed point may stay just below. */
function limitOf(share: number): number {
  return Math.ceil(200 * share - 1e-9) / 2;
}

const parameters = new Map(
  nodes.map((node) => [node.name, plan.model.graph?.initializer.find((t) => t.name === node.input[1])?.dims ?? []]),
);
const sizeOf = (layers: ReadonlyMap<string, LayerBits>): number =>
  [...layers].reduce((sum, [node, { weightBits }]) => {
    const count = (parameters.get(node) ?? []).reduce((product, d) => product * Number(d), 1);
    return sum + (count * weightBits) / 8;
  }, 0);
const uniform = (text: string): ReadonlyMap<string, LayerBits> =>
  new Map(nodes.map((node) => [node.name, fixed.get(node.name) ?? parseLayerBits(text)]));
const whole = sizeOf(uniform('w8a8'));
for (const rounding of flags.rounding.split(',') as Rounding[]) {
  const allocations = new Map<string, BitAllocations>();
  for (const metric of flags.metrics.split(',') as SensitivityMetric[]) {
    log(`${rounding}, sensitivity by ${metric} …`);
    allocations.set(
      rounding === 'nearest' ? metric : `${metric} after rounding`,
      await allocationsBy(metric, rounding),
    );
  }
  for (const width of [...widths].reverse()) {
    const layers = uniform(width);
    const bytes = sizeOf(layers);
    const method = `uniform ${width.replace('a8', '')}`;
    if (isMissing(rounding, method, bytes)) {
      await measurePoint(layers, { rounding, method, bytes, shareOf8Bit: bytes / whole });
    }
    if (width === 'w8a8') continue;
    for (const [metric, allocation] of allocations) {
      const combination = withinBudget(allocation.front, bytes);
      if (combination === undefined || !isMissing(rounding, metric, combination.cost)) continue;
      await measurePoint(allocation.assignment(combination), {
        rounding,
        method: metric,
        bytes: combination.cost,
        shareOf8Bit: combination.cost / whole,
      });
    }
  }
}
