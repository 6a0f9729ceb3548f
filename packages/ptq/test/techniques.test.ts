import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  type Model,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { loadRuntime, parseBits, type QuantizeOptions, quantizeModel } from '../src';
import { toyFeeds, toyModel, values } from './toy-model';

const runtime = await loadRuntime();
const base = { calibration: toyFeeds(16), runtime, target: 'ort-x64' } as const;

async function sqnr(changes: Partial<QuantizeOptions>): Promise<number> {
  const { report } = await quantizeModel(toyModel(), { ...base, ...changes });
  return report.verification?.outputs[0]?.sqnrDb ?? Number.NaN;
}

/** x · gain, with a channel 64 times as large as the others, into a matrix product that takes it back. */
function outlierModel(): Model {
  const gain = new Float32Array(16).fill(1);
  gain[3] = 64;
  const weights = values(16 * 4, 9).map((w, i) => (Math.floor(i / 4) === 3 ? w / 64 : w));
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'outliers',
      inputs: [createValueInfo('x', DataType.FLOAT, ['N', 6, 16])],
      outputs: [createValueInfo('y', DataType.FLOAT, ['N', 6, 4])],
      nodes: [
        createNode({ opType: 'Mul', name: 'scale', inputs: ['x', 'gain'], outputs: ['h'] }),
        createNode({ opType: 'MatMul', name: 'product', inputs: ['h', 'w'], outputs: ['y'] }),
      ],
      initializers: [
        tensorFromArray('gain', DataType.FLOAT, [16], gain),
        tensorFromArray('w', DataType.FLOAT, [16, 4], weights),
      ],
    }),
  });
}

const low = { weightBits: 3, keepFirstAndLast: false };

describe('quantizeModel with techniques', () => {
  it('loses precision at 3-bit weights, and adaptive rounding wins part of it back', async () => {
    const nearest = await sqnr({ bits: low });
    expect(nearest).toBeLessThan((await sqnr({})) - 6);
    expect(await sqnr({ bits: low, rounding: 'gptq' })).toBeGreaterThan(nearest);
    expect(await sqnr({ bits: low, rounding: 'adaround' })).toBeGreaterThan(nearest);
  });

  it('keeps low-bit weights on integer kernels', async () => {
    const { report, spec } = await quantizeModel(toyModel(), { ...base, bits: low });
    expect(report.runtimeGraph?.float).toBe(0);
    expect(spec.tensors['w2']?.scheme).toMatchObject({ qmin: -4, qmax: 3 });
  });

  it('corrects biases, new ones included, and says so', async () => {
    const { report } = await quantizeModel(toyModel(), { ...base, bits: low, correctBias: true });
    expect(report.refinement).toEqual([expect.stringMatching(/^bias correction of \d layers$/)]);
    expect(report.runtimeGraph?.float).toBe(0);
    expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(await sqnr({ bits: low }));
  });

  it('equalizes and quantizes per tensor on request', async () => {
    const { report, spec } = await quantizeModel(toyModel(), { ...base, equalize: true, perChannel: false });
    expect(spec.tensors['w2']?.scheme.granularity).toEqual({ kind: 'perTensor' });
    expect(report.runtimeGraph?.float).toBe(0);
  });

  it('smooths outlier channels of what matrix products read', async () => {
    const feeds = [{ x: { type: 'float32', data: values(8 * 6 * 16, 5), dims: [8, 6, 16] } }] as const;
    const run = (changes: Partial<QuantizeOptions>) =>
      quantizeModel(outlierModel(), { calibration: feeds, runtime, target: 'ort-x64', ...changes });
    const [plain, smooth] = [await run({}), await run({ smooth: 0.5 })];
    expect(smooth.report.preparation.join()).toMatch(/smoothActivations: "h", largest over median channel 6\d/);
    const sqnr = ({ report }: typeof plain): number => report.verification?.outputs[0]?.sqnrDb ?? Number.NaN;
    expect(sqnr(smooth)).toBeGreaterThan(sqnr(plain) + 6);
    await expect(run({ smooth: 2 })).rejects.toThrow(/alpha within/);
  });

  it('reads bits from their short form', () => {
    expect(parseBits('W4A4')).toEqual({ weightBits: 4, activationBits: 4 });
    expect(parseBits('w3')).toEqual({ weightBits: 3, activationBits: 8 });
    expect(parseBits('w8a8')).toBeUndefined();
    expect(() => parseBits('int4')).toThrow(/w4a8/);
  });
});
