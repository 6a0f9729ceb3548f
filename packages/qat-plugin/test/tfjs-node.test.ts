import '@tensorflow/tfjs-backend-cpu';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  getBackend,
  grads,
  losses,
  setBackend,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lsq, prepareQat, registerQatLayers } from '../src/index';
import type { Quantizer, QuantizerContext } from '../src/quantizers/quantizer';
import { residualModel } from './models';
import { uniform } from './numeric';
import { cases, prepare } from './quantizer-cases';

/** A folder whose node_modules hold @tensorflow/tfjs-node, which is no dependency: its installer downloads 200 MB. */
const folder = process.env['BITWRIGHT_TFJS_NODE'] ?? '';
const hasPeer = existsSync(join(folder, 'node_modules/@tensorflow/tfjs-node'));
const skipped = hasPeer ? '' : ' (skipped: set BITWRIGHT_TFJS_NODE to a folder with @tensorflow/tfjs-node)';

/**
 * Registers tfjs-node's backend in the engine that all copies of tfjs-core share (which it warns about, kernel by kernel). Node 23
 * removed two functions it calls.
 */
function loadPeer(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value == null;
  util['isArray'] ??= Array.isArray;
  const warnings = vi.spyOn(console, 'warn').mockReturnValue();
  createRequire(join(folder, 'package.json'))('@tensorflow/tfjs-node');
  warnings.mockRestore();
}

/** The same computation on tfjs' cpu backend and on tfjs-node, from fresh tensors each time. */
async function onBoth<T>(compute: () => T | Promise<T>): Promise<{ cpu: T; node: T }> {
  await setBackend('cpu');
  const cpu = await compute();
  await setBackend('tensorflow');
  expect(getBackend()).toBe('tensorflow');
  return { cpu, node: await compute() };
}

/** Quantized values and the gradients of Σ dy·q(x) with respect to x and the trainable parameters. */
function valuesAndGradients(quantizer: Quantizer, context: QuantizerContext): Float32Array[] {
  return tidy(() => {
    const { x, params } = prepare(quantizer, context);
    const names = quantizer
      .params(context)
      .filter(({ isTrainable }) => isTrainable)
      .map(({ name }) => name);
    const state = { progress: 0.5, draws: 1, isTraining: false };
    const f = (input: Tensor, ...trained: Tensor[]) =>
      quantizer.apply(
        input,
        { ...params, ...Object.fromEntries(trained.map((t, i) => [names[i], t])) },
        context,
        state,
      );
    const inputs = [x, ...names.map((name) => params[name] as Tensor)];
    const found = grads(f as never)(inputs as never, tensor(uniform(108, -1, 1, 42), [3, 3, 3, 4]));
    return [f(x, ...inputs.slice(1)), ...found].map((one) => one.dataSync<'float32'>().slice());
  });
}

/** Largest difference relative to the largest expected number. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), Number.MIN_VALUE);
  return actual.reduce((most, v, i) => Math.max(most, Math.abs(v - (expected[i] as number))), 0) / scale;
}

describe.skipIf(!hasPeer)(`the same numbers on tfjs-node${skipped}`, () => {
  beforeAll(() => {
    loadPeer();
    registerQatLayers();
  });
  afterAll(() => setBackend('cpu'));

  it.each(cases)('%s', async (_, quantizer, context) => {
    const { cpu, node } = await onBoth(() => valuesAndGradients(quantizer, context));
    expect(node.length).toBe(cpu.length);
    for (const [i, numbers] of node.entries()) {
      expect(numbers.some((v) => v !== 0)).toBe(cpu[i]?.some((v) => v !== 0));
      expect(relativeError(numbers, cpu[i] as Float32Array)).toBeLessThan(1e-5);
    }
  });

  it('a training step of a whole network', async () => {
    const { cpu, node } = await onBoth(async () => {
      const qat = prepareQat(residualModel(), {
        target: 'academic',
        weights: lsq({ bits: 4 }),
        activations: lsq({ bits: 4 }),
      });
      const x = tensor(uniform(8 * 72, -2, 2, 5), [8, 6, 6, 2]);
      const y = tensor(
        [0, 1, 2, 0, 1, 2, 0, 1].flatMap((label) => [0, 1, 2].map((c) => (c === label ? 1 : 0))),
        [8, 3],
      );
      await qat.calibrate(x);
      const variables = qat.model.trainableWeights.map((weight) => weight.read() as Variable);
      const { value, grads: found } = variableGrads(
        () => losses.softmaxCrossEntropy(y, qat.model.apply(x, { training: true }) as Tensor),
        variables,
      );
      const gradients = variables.map(({ name }) => found[name]?.dataSync<'float32'>().slice());
      return { loss: value.dataSync()[0] as number, gradients };
    });
    expect(node.loss).toBeCloseTo(cpu.loss, 5);
    for (const [i, gradient] of node.gradients.entries()) {
      expect(relativeError(gradient as Float32Array, cpu.gradients[i] as Float32Array)).toBeLessThan(1e-4);
    }
  });
});
