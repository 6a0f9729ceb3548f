import { encodeModel } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { type Feeds, loadRuntime, type QuantizeOptions, quantizeModel, type Runtime } from '../src';
import { toyFeeds, toyModel } from './toy-model';

const runtime = await loadRuntime();
const base = { calibration: toyFeeds(16), runtime, target: 'ort-x64' } as const;
const run = (changes: Partial<QuantizeOptions>) => quantizeModel(toyModel(), { ...base, ...changes });

const weightOf: Readonly<Record<string, string>> = Object.fromEntries(
  (toyModel().graph?.node ?? []).map((node) => [node.name, node.input[1] ?? '']),
);

/** One for every sample of `toyFeeds(16)`. */
const labels = new Int32Array(toyFeeds(16).reduce((sum, { x }) => sum + (x?.dims[0] ?? 0), 0));

/** All layers of the toy model may change; on its own it would keep the first and the last at 8 bits. */
const free = [['*', 'w8a8']] as const;

describe('quantizeModel with mixed precision', () => {
  it('stays within a budget of size and spends it where it loses least', async () => {
    const { report, spec } = await run({
      mixedPrecision: { budget: { kind: 'size', limit: { shareOf8Bit: 0.9 } }, candidates: ['w8a8', 'w4a8', 'w2a8'] },
    });
    const mixed = report.mixedPrecision;
    expect(mixed?.isExact).toBe(true);
    expect(mixed?.cost).toBeLessThanOrEqual(0.9 * (mixed?.costAt8Bits ?? 0));
    const codes = mixed?.layers.map(({ node, bits }) => [node, bits, spec.tensors[weightOf[node] ?? '']?.scheme.qmax]);
    expect(codes?.some(([, bits]) => bits !== 'w8a8')).toBe(true);
    for (const [, bits, qmax] of codes ?? []) {
      const width = Number(/w(\d)/.exec(String(bits))?.[1]);
      // ort-x64 keeps 8-bit weights within ±64: older processors add pairs of products in 16 bits.
      expect(qmax).toBe(width === 8 ? 64 : 2 ** (width - 1) - 1);
    }
  });

  it.each(['sqnr', 'kl', 'hessian'] as const)('measures more loss at fewer bits (%s)', async (metric) => {
    const { report } = await run({
      mixedPrecision: {
        budget: { kind: 'bops', limit: { shareOf8Bit: 1 } },
        candidates: ['w8a8', 'w4a4', 'w2a2'],
        metric,
      },
    });
    for (const { weightLoss } of report.mixedPrecision?.layers ?? []) {
      expect(weightLoss[2]).toBeGreaterThan(weightLoss[4] as number);
      expect(weightLoss[4]).toBeGreaterThan(weightLoss[8] as number);
    }
  });

  it('counts what layers lose after adaptive rounding, where they will be rounded so', async () => {
    const mixedPrecision = {
      budget: { kind: 'size', limit: { shareOf8Bit: 0.9 } },
      candidates: ['w8a8', 'w2a8'],
      metric: 'sqnr',
    } as const;
    const [nearest, gptq] = [await run({ mixedPrecision }), await run({ mixedPrecision, rounding: 'gptq' })];
    const lossOf = ({ report }: typeof gptq, node: string): number =>
      report.mixedPrecision?.layers.find((layer) => layer.node === node)?.weightLoss[2] ?? Number.NaN;
    // The depthwise layer; first and last layers keep 8 bits and are not rounded.
    const middle = gptq.report.mixedPrecision?.layers[1]?.node ?? '';
    expect(lossOf(gptq, middle)).toBeLessThan(lossOf(nearest, middle));
  });

  it('gives layers bits by hand, float too', async () => {
    const { spec } = await run({
      layerBits: [
        ['*', 'w3'],
        ['Conv_c1', 'float'],
        ['Gemm*', 'w5a6'],
      ],
    });
    const qmax = (name: string): number | undefined => spec.tensors[name]?.scheme.qmax;
    expect(spec.nodes['Conv_c1']?.kind).toBe('float');
    expect(qmax('w2')).toBe(3);
    expect(qmax('w3')).toBe(15);
  });

  it('is cheapest at the accuracy asked for', async () => {
    const { report } = await run({
      evaluation: { samples: toyFeeds(16), labels },
      latencyRuns: 0,
      mixedPrecision: { budget: { kind: 'size', maxDrop: 1 }, candidates: ['w8a8', 'w2a8'] },
      layerBits: free,
    });
    // Any drop is allowed and every layer was fixed at 8 bits by hand.
    expect(report.mixedPrecision?.cost).toBe(report.mixedPrecision?.costAt8Bits);
  });

  it('measures accuracy on the file that it writes, with a quantizer of its own for the addition', async () => {
    const loaded: string[] = [];
    const recording: Runtime = {
      ...runtime,
      createSession(model, options) {
        loaded.push(Buffer.from(model).toString('base64'));
        return runtime.createSession(model, options);
      },
    };
    const { model, spec } = await run({
      runtime: recording,
      evaluation: { samples: toyFeeds(16), labels },
      latencyRuns: 0,
      verifySamples: 0,
      mixedPrecision: { budget: { kind: 'bops', maxDrop: 1 }, candidates: ['w8a8', 'w4a4'] },
    });
    expect(Object.keys(spec.tensors).filter((name) => name.endsWith('_narrow'))).toHaveLength(1);
    // Any drop is allowed: the last assignment measured is the cheapest, then it is written and evaluated.
    const file = Buffer.from(encodeModel(model)).toString('base64');
    expect(loaded.filter((bytes) => bytes === file)).toHaveLength(2);
  });

  it('takes labelled samples that can be read only once', async () => {
    async function* once(): AsyncGenerator<Feeds> {
      yield* toyFeeds(16);
    }
    const evaluate = (samples: NonNullable<QuantizeOptions['evaluation']>['samples']) =>
      run({
        evaluation: { samples, labels },
        latencyRuns: 0,
        mixedPrecision: { budget: { kind: 'bops', maxDrop: 1 }, candidates: ['w8a8', 'w4a4'] },
      });
    const [stream, array] = [await evaluate(once()), await evaluate(toyFeeds(16))];
    expect(stream.report.evaluation).toEqual(array.report.evaluation);
  });

  it('says what is cheapest when the budget is too small, and what names there are', async () => {
    await expect(
      run({ mixedPrecision: { budget: { kind: 'size', limit: 1 }, candidates: ['w8a8', 'w4a8'] } }),
    ).rejects.toThrow(/at least \d+ \(\d+\.\d % of all layers at 8 bits\), the cheapest there is, received 1/);
    await expect(run({ layerBits: [['nothing/*', 'w4']] })).rejects.toThrow(/Conv_c1.*received "nothing/s);
    await expect(run({ layerBits: [['*', 'w1']] })).rejects.toThrow(/w8a8 or w4a4/);
  });
});

describe('quantizeModel with automatic ranges', () => {
  it('chooses per tensor what leaves the outputs closest to float', async () => {
    const { report, spec } = await run({ activationRange: 'auto', weightRange: 'auto' });
    const choices = report.ranges ?? [];
    expect(choices.length).toBeGreaterThan(4);
    for (const { tensor, chosen, noiseToSignal } of choices) {
      expect(noiseToSignal[chosen]).toBe(Math.min(...Object.values(noiseToSignal)));
      expect(spec.tensors[tensor]?.origin.selectRange).toBe(chosen);
    }
  });

  it('chooses for one role alone', async () => {
    const { report } = await run({ activationRange: 'auto' });
    expect(new Set(report.ranges?.map(({ role }) => role))).toEqual(new Set(['activation']));
  });
});
