import '@tensorflow/tfjs-backend-cpu';
import { apotMagnitudes } from '@bitwright/core';
import { grads, memory, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { largestError, uniform } from '../../test/numeric';
import { atEnd, cases, oneBit, positive, prepare, weight } from '../../test/quantizer-cases';
import { apot, dorefa, dsq, irNet, lsq, pact, progressive, quantNoise, registerQatLayers, ste, xnor } from '../index';
import { quantizerFromJson, quantizerToJson } from './registry';

beforeAll(registerQatLayers);

describe.each(cases)('%s', (_, quantizer, context) => {
  it('gives values on its grid, whose codes are in use', () => {
    const { x, params } = prepare(quantizer, context);
    const values = quantizer.apply(x, params, context, atEnd).dataSync();
    const grid = quantizer.grid(x, params, context, atEnd);
    const scale = grid.scale.dataSync();
    const zeroPoint = grid.zeroPoint.dataSync();
    for (let i = 0; i < values.length; i++) {
      const g = scale.length === 1 ? 0 : i % scale.length;
      const code = (values[i] as number) / (scale[g] as number) + (zeroPoint[zeroPoint.length === 1 ? 0 : g] as number);
      expect(Math.abs(code - Math.round(code))).toBeLessThan(1e-3);
      expect(Math.round(code)).toBeGreaterThanOrEqual(grid.qmin);
      expect(Math.round(code)).toBeLessThanOrEqual(grid.qmax);
    }
  });

  it('has finite gradients for x and every trainable parameter', () => {
    const { x, params } = prepare(quantizer, context);
    const trainable = quantizer.params(context).filter(({ isTrainable }) => isTrainable);
    const names = trainable.map(({ name }) => name);
    const f = (...inputs: Tensor[]) =>
      quantizer.apply(
        inputs[0] as Tensor,
        { ...params, ...Object.fromEntries(names.map((name, i) => [name, inputs[i + 1] as Tensor])) },
        context,
        { progress: 0.5, draws: 1, isTraining: true },
      );
    const dy = tensor(uniform(108, -1, 1, 42), [3, 3, 3, 4]);
    const found = grads(f as never)([x, ...names.map((name) => params[name] as Tensor)] as never, dy);
    const sizes = found.map((gradient) =>
      Array.from(gradient.dataSync() as Float32Array).reduce((sum, v) => sum + Math.abs(v), 0),
    );
    for (const size of sizes) expect(Number.isFinite(size)).toBe(true);
    expect(sizes[0]).toBeGreaterThan(0);
    if (quantizer.type !== 'logarithmic') expect(found.length).toBe(1 + names.length);
  });

  it('keeps the number of tensors flat', () => {
    const { x, params } = prepare(quantizer, context);
    const before = memory().numTensors;
    for (let step = 0; step < 100; step++) {
      tidy(() => void quantizer.apply(x, params, context, { ...atEnd, isTraining: true, draws: step }));
    }
    expect(memory().numTensors).toBe(before);
  });

  it('is made again from its JSON', () => {
    const json = JSON.parse(JSON.stringify(quantizerToJson(quantizer)));
    expect(quantizerToJson(quantizerFromJson(json))).toEqual(quantizerToJson(quantizer));
  });
});

describe('quantizers', () => {
  it('DoReFa: the largest weight stays, the rest follows tanh', () => {
    const { x, params } = prepare(dorefa({ bits: 4 }), weight);
    const values = dorefa({ bits: 4 }).apply(x, params, weight, atEnd).dataSync();
    const w = x.dataSync();
    const reach = Math.max(...w.map(Math.abs));
    const m = Math.max(...w.map((v: number) => Math.abs(Math.tanh(v))));
    const expected = w.map((v: number) => (Math.round((7 * Math.tanh(v)) / m) * reach) / 7);
    expect(largestError(values, expected)).toBeLessThan(1e-5);
  });

  it('APoT: weights take the levels of core, in units of the clipping level', () => {
    const quantizer = apot({ bits: 4, level: 2 });
    const { x, params } = prepare(quantizer, weight);
    const values = quantizer.apply(x, params, weight, atEnd).dataSync();
    const w = Array.from(x.dataSync()) as number[];
    const mean = w.reduce((a, b) => a + b, 0) / w.length;
    const deviation = Math.sqrt(w.reduce((a, b) => a + (b - mean) ** 2, 0) / w.length) + 1e-5;
    const levels = [...apotMagnitudes(3)];
    const expected = w.map((v) => {
      const t = Math.min(Math.abs((v - mean) / deviation / 2), 1);
      const nearest = levels.reduce((best, level) => (Math.abs(level - t) <= Math.abs(best - t) ? level : best));
      return Math.sign(v - mean) * nearest * 2 * deviation;
    });
    expect(largestError(values, expected)).toBeLessThan(1e-4);
  });

  it('IR-Net: balanced signs, power-of-two shift, indifferent to a·w + c', () => {
    const context = oneBit(weight);
    const { x } = prepare(irNet(), context);
    const values = irNet().apply(x, {}, context, atEnd).dataSync();
    const moved = irNet()
      .apply(
        tensor(
          x.dataSync().map((v: number) => 3 * v + 0.4),
          x.shape,
        ),
        {},
        context,
        atEnd,
      )
      .dataSync();
    expect(Array.from(moved)).toEqual(Array.from(values));
    for (let c = 0; c < 4; c++) {
      const channel = Array.from(values).filter((_, i) => i % 4 === c) as number[];
      const plus = channel.filter((v) => v > 0).length;
      expect(Math.abs(plus - 13.5)).toBeLessThanOrEqual(6);
      expect(Number.isInteger(Math.log2(Math.abs(channel[0] as number)))).toBe(true);
    }
  });

  it('XNOR and balanced signs: the scale is the mean magnitude per filter', () => {
    const context = oneBit(weight);
    const { x } = prepare(xnor(), context);
    const w = Array.from(x.dataSync()) as number[];
    const values = xnor().apply(x, {}, context, atEnd).dataSync();
    const first = w.filter((_, i) => i % 4 === 0);
    const scale = first.reduce((a, b) => a + Math.abs(b), 0) / first.length;
    expect(Math.abs(values[0] as number)).toBeCloseTo(scale, 5);
  });

  it('quant-noise quantizes everything at inference and a part in training', () => {
    const inner = lsq({ bits: 4 });
    const noisy = quantNoise(inner, { rate: 0.3, seed: 5 });
    const { x, params } = prepare(inner, weight);
    const exact = inner.apply(x, params, weight, atEnd).dataSync();
    expect(Array.from(noisy.apply(x, params, weight, atEnd).dataSync())).toEqual(Array.from(exact));
    const training = { progress: 0, draws: 4, isTraining: true };
    const once = noisy.apply(x, params, weight, training).dataSync();
    const again = noisy.apply(x, params, weight, training).dataSync();
    const changed = Array.from(once).filter((v, i) => v !== (x.dataSync()[i] as number)).length;
    expect(Array.from(once)).toEqual(Array.from(again));
    expect(changed).toBeGreaterThan(10);
    expect(changed).toBeLessThan(60);
  });

  it('progressive starts with more levels and ends with its own', () => {
    const quantizer = progressive(lsq({ bits: 2 }), { from: 8, until: 0.5 });
    const context = { ...positive, codes: { qmin: 0, qmax: 3 } };
    const { x, params } = prepare(lsq({ bits: 2 }), context);
    const levels = (progress: number) =>
      new Set(quantizer.apply(x, params, context, { ...atEnd, progress }).dataSync()).size;
    expect(levels(0)).toBeGreaterThan(30);
    expect(levels(0.5)).toBeLessThanOrEqual(4);
  });

  it.each([
    ['lsq', () => lsq({ bits: 0 }), 'expected bits 2 to 8, received 0'],
    ['dsq', () => dsq({ bits: 4, alpha: 0.9 }), 'expected alpha from 0.01 to 0.49, received 0.9'],
    ['dsq', () => dsq({ bits: 1, bounds: 'free' }), 'expected bounds symmetric'],
    ['ste', () => ste({ bits: 1 }), 'For one bit use a binary quantizer'],
    ['pact', () => pact({ bits: 4, lambda: 1 } as never), 'received "lambda"'],
  ] as const)('%s refuses options out of place', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
