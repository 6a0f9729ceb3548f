import { readFileSync } from 'node:fs';
import { ortX64, perTensor, type Target, withScheme } from '@bitwright/core';
import { planPlacement, writeQdq } from '@bitwright/export';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import {
  asSampleSource,
  buildSpec,
  calibrate,
  type Feeds,
  limitedBatches,
  loadRuntime,
  prepareModel,
  type SampleSource,
} from '@bitwright/ptq';
import { meanSquaredError } from '../../core/src/range-selection/mean-squared-error';
import { correctBias } from '../../ptq/src/bias-correction/correct-bias';
import { absorbHighBias } from '../../ptq/src/equalization/absorb-high-bias';
import { observeChannels } from '../../ptq/src/equalization/channel-statistics';
import { equalizeWeights } from '../../ptq/src/equalization/equalize-weights';
import { loadLabels } from '../src/data/labels';
import { preprocessPresets } from '../src/data/preprocess';
import { openSamples } from '../src/data/sample-source';
import { classifiers, modelPath } from './models';

export const runtime = await loadRuntime();
export const perTensorTarget: Target = {
  ...ortX64,
  schemes: { ...ortX64.schemes, weight: withScheme(ortX64.schemes.weight, { granularity: perTensor }) },
};
export async function load(name: string) {
  const m = classifiers.find((c) => c.name === name)!;
  const bytes = readFileSync(modelPath(name));
  const session = await runtime.createSession(bytes);
  const inputs = session.inputs;
  await session.release();
  const open = (specs: readonly string[], limit?: number) =>
    openSamples(specs, {
      inputs,
      preprocess: m.preprocess === undefined ? undefined : preprocessPresets[m.preprocess],
      shape: m.sampleShape,
      limit,
    });
  const keep = async (s: any): Promise<SampleSource> => {
    const all: Feeds[] = [];
    for await (const f of limitedBatches(s, m.batch, 1e9)) all.push(f);
    return asSampleSource(all);
  };
  const test = await open(m.test);
  const labels = await loadLabels(m.labels, { sampleCount: test.length ?? 0, sampleNames: test.names });
  return {
    m,
    calibration: await keep(await open(m.calibration, m.calibrationSamples)),
    test: await keep(test),
    labels,
    model: decodeModel(bytes),
  };
}
export type Data = Awaited<ReturnType<typeof load>>;
export async function accuracy(model: Model, d: Data) {
  const s = await runtime.createSession(encodeModel(model));
  let ok = 0,
    n = 0;
  for await (const f of limitedBatches(d.test, d.m.batch, 1e9)) {
    const out = (await s.run(f))[s.outputs[0]!]!;
    const k = out.dims[1]!;
    for (let r = 0; r < out.dims[0]!; r++) {
      let b = 0;
      for (let c = 1; c < k; c++)
        if ((out.data as Float32Array)[r * k + c]! > (out.data as Float32Array)[r * k + b]!) b = c;
      if (b === d.labels[n]) ok++;
      n++;
    }
  }
  await s.release();
  return (100 * ok) / n;
}
export async function specOf(
  model: Model,
  target: Target,
  d: Data,
  actRange: any = meanSquaredError(),
  weightRange: any = actRange,
) {
  const placement = planPlacement(model, { target });
  const tensors = [...placement.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
  const r = await calibrate(model, {
    runtime,
    source: d.calibration,
    tensors,
    observer: actRange.observer,
    batchSize: d.m.batch,
    limit: 512,
  });
  return buildSpec({
    model,
    placement,
    observers: r.observers,
    activationRange: actRange,
    weightRange,
    provenance: { tool: { name: 'x', version: '0' } },
  });
}
export const qacc = async (model: Model, target: Target, d: Data) =>
  accuracy(writeQdq(model, await specOf(model, target, d), target), d);
export {
  absorbHighBias,
  correctBias,
  equalizeWeights,
  meanSquaredError,
  observeChannels,
  ortX64,
  planPlacement,
  prepareModel,
  writeQdq,
};
