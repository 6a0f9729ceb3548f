import { type QuantizationSpec, referenceBackend, type StatisticsBackend, specToJson } from '@bitwright/core';
import { createValueInfo, DataType, decodeModel, encodeModel, graphIndex } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { formatReport, loadRuntime, prepareModel, quantizeModel } from '../src';
import type { Feeds, SampleSource } from '../src/feeds';
import { toyFeeds, toyModel } from './toy-model';

const runtime = await loadRuntime();
const options = { calibration: toyFeeds(8), runtime, target: 'ort-x64' } as const;

describe('quantizeModel', () => {
  it('turns a float model into one that the runtime executes on integer kernels, close to float', async () => {
    const { report, model } = await quantizeModel(toyModel(), options);
    expect(report.runtimeGraph?.float).toBe(0);
    expect(report.runtimeGraph?.operators).toMatchObject({
      'com.microsoft:QLinearAdd': 1,
      'com.microsoft:QLinearConv': 2,
    });
    // 7-bit weights on random noise: about 30 dB; a lost scale or shifted zero point gives less than 10.
    expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(20);
    expect(report.size.quantizedBytes).toBe(encodeModel(model).length);
    expect(report.plan).toMatchObject({ integer: 5, passThrough: 1, absorbed: 1, float: [] });
  });

  it('gives the same bytes for the same input', async () => {
    const [a, b] = [await quantizeModel(toyModel(), options), await quantizeModel(toyModel(), options)];
    expect(encodeModel(a.model)).toEqual(encodeModel(b.model));
    expect(specToJson(a.spec)).toBe(specToJson(b.spec));
  });

  it('lets the backend search entropy ranges of activations and weights', async () => {
    const asked: number[] = [];
    const backend: StatisticsBackend = {
      ...referenceBackend,
      entropyBins(counts, levels) {
        asked.push(levels);
        return Math.ceil(counts.length / 2);
      },
    };
    const ranges = { ...options, activationRange: 'entropy', weightRange: 'entropy' };
    const scaleOfInput = ({ spec }: { spec: QuantizationSpec }): number => spec.tensors['x']?.qparams.scale[0] ?? 0;
    const halved = scaleOfInput(await quantizeModel(toyModel(), { ...ranges, backend }));
    // 129 codes of weights and 256 of activations, half of each where both signs occur.
    expect(new Set(asked)).toEqual(new Set([65, 128, 256]));
    const whole = scaleOfInput(await quantizeModel(toyModel(), ranges));
    expect(halved / whole).toBeCloseTo(0.5, 2);
  });

  it('does not depend on how the samples are batched', async () => {
    const one = await quantizeModel(toyModel(), { ...options, calibration: toyFeeds(8).flatMap(splitBatch) });
    const four = await quantizeModel(toyModel(), options);
    expect(specToJson(one.spec)).toBe(specToJson(four.spec));
  });

  it('asks a source for the batch that the model fixes, in every step', async () => {
    const fixed = toyModel();
    fixed.graph!.input[0] = createValueInfo('x', DataType.FLOAT, [1, 3, 8, 8]);
    const asked = new Set<number>();
    const samples = toyFeeds(8).flatMap(splitBatch);
    const source: SampleSource = {
      length: samples.length,
      description: 'one by one',
      async *batches(size) {
        asked.add(size);
        yield* samples;
      },
    };
    const labels = samples.map((_, i) => i % 5);
    const { report } = await quantizeModel(fixed, {
      ...options,
      calibration: source,
      evaluation: { samples: source, labels },
      rounding: 'gptq',
      latencyRuns: 0,
    });
    expect([...asked]).toEqual([1]);
    expect(report.refinement.length).toBeGreaterThan(0);
    expect(report.evaluation?.samples).toBe(samples.length);
  });

  it('streams an async iterable once, and verifies on the samples it kept', async () => {
    async function* stream() {
      yield* toyFeeds(8);
    }
    const { spec, report } = await quantizeModel(toyModel(), { ...options, calibration: stream() });
    expect(report.verification?.samples).toBe(32);
    expect(specToJson(spec)).toBe(specToJson((await quantizeModel(toyModel(), options)).spec));
  });

  it('leaves the float model as it was', async () => {
    const model = toyModel();
    const before = encodeModel(model);
    await quantizeModel(model, options);
    expect(encodeModel(model)).toEqual(before);
  });

  it('leaves excluded nodes in float, with that reason', async () => {
    const { report } = await quantizeModel(toyModel(), { ...options, exclude: ['depth*', 'op:Add'] });
    expect(report.plan.float.filter(({ reason }) => reason.includes('request'))).toEqual([
      { node: 'depthwise', opType: 'Conv', reason: 'excluded by request' },
      { node: 'Add_sum', opType: 'Add', reason: 'excluded by request' },
    ]);
    expect(report.runtimeGraph?.floatOperators).toMatchObject({ Conv: 1, Add: 1 });
  });

  it('measures accuracy and latency of both models on labelled samples', async () => {
    const labels = Int32Array.from({ length: 32 }, (_, i) => i % 5);
    const { report } = await quantizeModel(toyModel(), {
      ...options,
      evaluation: { samples: toyFeeds(8), labels },
      latencyRuns: 3,
    });
    expect(report.evaluation).toMatchObject({ samples: 32 });
    expect(report.latency).toMatchObject({ batch: 4, runs: 3 });
    expect(formatReport(report)).toMatch(/top-1 accuracy .* points on 32 samples/);
  });

  it('compares the integer result with float on a model it cannot quantize at all, and says that nothing runs on integers', async () => {
    const { report } = await quantizeModel(toyModel(), { ...options, exclude: ['*'] });
    expect(report.runtimeGraph?.integer).toBe(0);
    expect(report.warnings).toContainEqual(expect.stringContaining('no operator runs on integer kernels'));
  });

  it('folds BatchNorm before it quantizes', () => {
    const { model } = prepareModel(toyModel());
    expect(graphIndex(model.graph!).nodes.map((node) => node.opType)).not.toContain('BatchNormalization');
  });
});

describe('quantizeModel refuses', () => {
  const refused = (changes: object): Promise<unknown> => quantizeModel(toyModel(), { ...options, ...changes });

  it('no samples', async () => {
    await expect(refused({ calibration: [] })).rejects.toMatchObject({
      code: 'ERR_INPUT_DATA',
      message: /at least one calibration sample/,
    });
  });

  it('NaN in the data, naming input and sample', async () => {
    const feeds = toyFeeds(2);
    (feeds[1]?.['x']?.data as Float32Array)[200] = Number.NaN;
    await expect(refused({ calibration: feeds })).rejects.toMatchObject({
      code: 'ERR_NON_FINITE_DATA',
      message: /input "x".*first in sample 5/,
    });
  });

  it('data of another shape, with both shapes', async () => {
    const feeds = [{ x: { type: 'float32', data: new Float32Array(27), dims: [1, 3, 3, 3] } }];
    const gray = [{ x: { type: 'float32', data: new Float32Array(64), dims: [1, 1, 8, 8] } }];
    await expect(refused({ calibration: gray })).rejects.toMatchObject({
      code: 'ERR_RUNTIME',
      message: /\[N,3,8,8\].*\[1,1,8,8\]/,
    });
    await expect(refused({ calibration: feeds })).rejects.toMatchObject({ code: 'ERR_RUNTIME' });
  });

  it('labels of another length', async () => {
    await expect(refused({ evaluation: { samples: toyFeeds(2), labels: [1, 2, 3] } })).rejects.toMatchObject({
      code: 'ERR_INPUT_DATA',
      message: /one label per sample \(8\).*3 labels/,
    });
  });

  it('a model that is quantized already', async () => {
    const { model } = await quantizeModel(toyModel(), options);
    await expect(quantizeModel(decodeModel(encodeModel(model)), options)).rejects.toMatchObject({
      code: 'ERR_MODEL_FORMAT',
      message: /quantized already/,
    });
  });

  it('unknown options, targets, range selectors and exclusions', async () => {
    await expect(refused({ calibrate: 1 })).rejects.toThrow(/unknown option "calibrate"/);
    await expect(refused({ target: 'ort-sparc' })).rejects.toThrow(/ort-x64.*"ort-sparc"/);
    await expect(refused({ activationRange: 'best' })).rejects.toThrow(/range selector/);
    await expect(refused({ exclude: ['nothing*'] })).rejects.toThrow(/matches a node/);
    await expect(refused({ samples: 0 })).rejects.toThrow(/positive integer/);
  });

  it('to go on when cancelled', async () => {
    const abort = new AbortController();
    const onProgress = ({ phase, done }: { phase: string; done: number }): void => {
      if (phase === 'calibrate' && done > 4) abort.abort();
    };
    await expect(refused({ signal: abort.signal, onProgress })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

function splitBatch(feeds: Feeds): Feeds[] {
  const x = feeds['x']!;
  return [0, 1, 2, 3].map((i) => ({
    x: { type: 'float32', data: x.data.subarray(i * 192, (i + 1) * 192), dims: [1, 3, 8, 8] },
  }));
}
