import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel, type Model } from '@bitwright/onnx';
import { readModelFile, writeModelFile } from '@bitwright/onnx/node';
import { describe, expect, it } from 'vitest';
import { formatWeightReport, parseWeightDType, quantizeWeights } from '../src/index';
import { tinyLanguageModel, tokenFeeds } from './weight-model';

const operatorsOf = (model: Model): string[] => (model.graph?.node ?? []).map((node) => node.opType);

describe('quantizeWeights', () => {
  it.each([
    ['q8', 24, 'MatMulInteger'],
    ['int8', 20, 'MatMulInteger'],
    ['uint8', 24, 'MatMulInteger'],
    ['q4', 15, 'MatMulNBits'],
    ['q4f16', 15, 'MatMulNBits'],
    ['q2', 4, 'MatMulNBits'],
    ['bnb4', 15, 'MatMulBnb4'],
    ['fp16', 55, 'MatMul'],
  ] as const)('%s loads, runs and stays close to float (SQNR above %i dB)', async (dtype, sqnr, opType) => {
    const { model, report } = await quantizeWeights(tinyLanguageModel(), { dtype, verification: tokenFeeds(4) });
    expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(sqnr);
    expect(report.verification?.outputs[0]?.nonFinite).toBe(0);
    expect(operatorsOf(model)).toContain(opType);
    expect(report.size.quantizedBytes).toBeLessThan(report.size.floatBytes);
  });

  it('stores tied weights once and says so', async () => {
    for (const dtype of ['q8', 'q4', 'fp16', 'bnb4'] as const) {
      const { model, report } = await quantizeWeights(tinyLanguageModel(), { dtype });
      const large = (model.graph?.initializer ?? []).filter(({ rawData }) => rawData.length >= 96 * 32);
      // The table, w1 and w2: nothing of the tied copy.
      expect(large.map(({ name }) => name.replace(/_(q4|quantized|nf4)$/, '')).sort()).toEqual(['table', 'w1', 'w2']);
      if (dtype === 'q4') expect(formatWeightReport(report)).toContain('"table": 2 copies stored once');
    }
  });

  it('compares on made-up inputs when it is given none', async () => {
    const { report } = await quantizeWeights(tinyLanguageModel(), { dtype: 'q4' });
    expect(report.verification).toMatchObject({ data: 'made-up inputs', samples: 4 });
    const unchecked = await quantizeWeights(tinyLanguageModel(), { dtype: 'q4', verifySamples: 0 });
    expect(unchecked.report.runtime).toBeUndefined();
  });

  it('uses statistics of the inputs with gptq', async () => {
    const options = { dtype: 'q4', calibration: tokenFeeds(16), verification: tokenFeeds(4) } as const;
    const gptq = await quantizeWeights(tinyLanguageModel(), { ...options, method: 'gptq' });
    const mse = await quantizeWeights(tinyLanguageModel(), { ...options, method: 'mse' });
    expect(gptq.report.calibrationSamples).toBe(16);
    expect(gptq.report.weights.map(({ method }) => method)).toEqual(['gptq', 'gptq', 'gptq']);
    const sqnr = ({ report }: typeof gptq) => report.verification?.outputs[0]?.sqnrDb ?? 0;
    expect(sqnr(gptq)).toBeGreaterThan(sqnr(mse));
  });

  it('reads weights from external data', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitwright-'));
    try {
      const path = join(folder, 'model.onnx');
      await writeModelFile(tinyLanguageModel(), path, { externalData: 'always' });
      const file = await readModelFile(path);
      const { model, report } = await quantizeWeights(file.model, {
        dtype: 'q4',
        readExternal: file.externalData.read,
      });
      expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(14);
      const inMemory = await quantizeWeights(tinyLanguageModel(), { dtype: 'q4', verifySamples: 0 });
      const bytesOf = (each: Model): unknown => each.graph?.initializer.map(({ name, rawData }) => [name, rawData]);
      expect(bytesOf(model)).toEqual(bytesOf(inMemory.model));
      await expect(quantizeWeights(file.model, { dtype: 'q4' })).rejects.toThrow(/external data/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives the same bytes twice', async () => {
    const once = await quantizeWeights(tinyLanguageModel(), { dtype: 'q4f16', verifySamples: 0 });
    const twice = await quantizeWeights(tinyLanguageModel(), { dtype: 'q4f16', verifySamples: 0 });
    expect(encodeModel(once.model)).toEqual(encodeModel(twice.model));
  });

  it('leaves excluded weights and embeddings float when asked to, with the reason', async () => {
    const { report } = await quantizeWeights(tinyLanguageModel(), { dtype: 'q4', exclude: ['up'], embeddings: false });
    expect(report.float.map(({ name, reason }) => [name, reason])).toEqual([
      ['w1', 'excluded: node "up"'],
      ['table', 'embeddings stay float (option)'],
    ]);
    expect(report.warnings.some((warning) => warning.includes('stayed float'))).toBe(true);
  });

  it('keeps a 4-bit table where the rest has 2 bits', async () => {
    const { report } = await quantizeWeights(tinyLanguageModel(), { dtype: 'q2' });
    expect(report.weights.map(({ name, form }) => [name, form])).toEqual([
      ['table', '4-bit blocks of 32'],
      ['w1', '2-bit blocks of 32'],
      ['w2', '2-bit blocks of 32'],
    ]);
  });

  it('spells blocks in ai.onnx operators', async () => {
    const { model, report } = await quantizeWeights(tinyLanguageModel(), { dtype: 'q4', spelling: 'qdq' });
    expect(model.opsetImport.map(({ domain }) => domain)).toEqual(['']);
    expect(report.weights.find(({ name }) => name === 'table')?.form).toBe('int8 rows');
    expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(14);
  });

  it('reports that dtypes do not pay, with the bytes by class', async () => {
    const model = tinyLanguageModel();
    const attempt = quantizeWeights(model, { dtype: 'q4', exclude: ['op:MatMul', 'op:Gather'] });
    await expect(attempt).rejects.toThrow(/smaller than \d+ bytes.*received \d+ bytes.*does not pay/s);
  });

  it('refuses what cannot be', async () => {
    const model = tinyLanguageModel();
    const refuse = (options: object, message: RegExp) =>
      expect(
        quantizeWeights(model, { dtype: 'q4', ...options } as Parameters<typeof quantizeWeights>[1]),
      ).rejects.toThrow(message);
    await refuse({ blockSize: 24 }, /a block size of 16, 32, 64, 128, 256, received 24/);
    await refuse({ method: 'gptq' }, /calibration samples for the method "gptq"/);
    await refuse({ realZeroPoints: true, method: 'hqq' }, /symmetric: false with real zero points/);
    await refuse({ exclude: ['nothing*'] }, /a pattern that matches a node/);
    await refuse({ colour: 'red' }, /unknown option "colour"/);
    await refuse({ dtype: 'q2', spelling: 'qdq' }, /2-bit tensors need operator set 25/);
    expect(() => parseWeightDType('q3')).toThrow(/one of fp16, q8.*received "q3"/);
    expect(() => parseWeightDType('q1')).toThrow(/no 1-bit matrix product/);
    const { model: quantized } = await quantizeWeights(model, { dtype: 'q4', verifySamples: 0 });
    await expect(quantizeWeights(quantized, { dtype: 'q8' })).rejects.toThrow(/quantized already/);
  });

  it('refuses weights that are not finite', async () => {
    const model = tinyLanguageModel();
    const w1 = model.graph?.initializer.find(({ name }) => name === 'w1');
    new Float32Array(w1!.rawData.buffer, w1!.rawData.byteOffset, 1)[0] = Number.NaN;
    await expect(quantizeWeights(model, { dtype: 'q4' })).rejects.toThrow(
      /"w1": expected finite weights, received NaN/,
    );
  });
});
