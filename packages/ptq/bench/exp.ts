import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fullRange, ortX64, type RangeSelector } from '@bitwright/core';
import { planPlacement, writeQdq } from '@bitwright/export';
import { convertOpset, decodeModel, encodeModel, simplify, reduceMeanToGlobalAveragePool } from '@bitwright/onnx';
import { meanSquaredError } from '../../core/src/range-selection/mean-squared-error';
import { buildSpec } from '../src/build-spec';
import { calibrate } from '../src/calibrate';
import { evaluateClassifiers } from '../src/evaluate';
import { loadRuntime } from '../src/session';
import { lowBitSchemes } from '../src/rounding/low-bit-schemes';
import { roundWeights } from '../src/rounding/round-weights';
import { cifar10, imagenet300, sharedFolder } from './rounding-data';

const [name = 'resnet20_cifar10', wbits = '4', abits = '8', methods = 'nearest,mse,gptq,adaround', opts = '{}'] = process.argv.slice(2);
const folder = sharedFolder();
const log = (s: string) => process.stdout.write(`${s}\n`);
const runtime = await loadRuntime();
const bytes = readFileSync(join(folder, 'models', `${name}.onnx`));
let t = performance.now();
const lap = (what: string) => { const now = performance.now(); log(`  [${what} ${((now - t) / 1000).toFixed(1)}s]`); t = now; };
let model = convertOpset.run(decodeModel(bytes), { target: 21 }).model;
model = simplify(model).model;
model = reduceMeanToGlobalAveragePool.run(model).model;
const input = model.graph!.input[0]!.name;
const isCifar = name.includes('cifar');
const all = Array.from({ length: 300 }, (_, i) => i);
const calib = isCifar ? cifar10(folder, 'train', input, 0, 1024) : await imagenet300(folder, input, all.filter((i) => i % 3 !== 0));
const test = isCifar ? cifar10(folder, 'test', input, 0, Number(process.env['TEST'] ?? 10000)) : await imagenet300(folder, input, all.filter((i) => i % 3 === 0));
lap('data');
const target = ortX64;
const placement = lowBitSchemes(model, planPlacement(model, { target }), { weightBits: Number(wbits), activationBits: Number(abits) });
const tensors = [...placement.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
const mse = meanSquaredError() as RangeSelector<never>;
const act = process.env['ACT'] === 'full' ? (fullRange as unknown as RangeSelector<never>) : mse;
const cal = await calibrate(model, { runtime, source: calib, tensors, observer: act.observer as never, batchSize: 32, limit: 512 });
lap('calibrate');
const specOf = (w: RangeSelector<never>) => buildSpec({ model, placement, observers: cal.observers as never, activationRange: act as never, weightRange: w as never, provenance: { tool: { name: 'b', version: '0' } } });
const floatBytes = encodeModel(model);
for (const method of methods.split(',')) {
  const w = (method === 'nearest' ? fullRange : meanSquaredError({ p: 2.4 })) as unknown as RangeSelector<never>;
  let spec = specOf(w);
  let m = model;
  lap('spec');
  if (method === 'gptq' || method === 'adaround') {
    const r = await roundWeights(model, spec, { runtime, source: calib, method, ...JSON.parse(opts) });
    spec = r.spec; m = r.model;
    lap(`round ${method}`);
    if (process.env['V']) for (const l of r.layers) log(`   ${l.node} ${l.target} L${l.levels} rows ${l.rows} near ${l.nearestError?.toExponential(2)} -> ${l.error?.toExponential(2)} ${l.seconds.toFixed(2)}s ${l.reason ?? ''}`);
  }
  const q = encodeModel(writeQdq(m, spec, target));
  const e = await evaluateClassifiers(floatBytes, q, { runtime, source: test, labels: test.labels, batchSize: 100 });
  lap('eval');
  log(`${name} W${wbits}A${abits} ${method} ${opts}: float ${(100 * e.float.top1).toFixed(2)} q ${(100 * e.quantized.top1).toFixed(2)} agree ${(100 * e.agreement).toFixed(2)}`);
}
