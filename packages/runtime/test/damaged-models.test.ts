import { findTarget, QuantError, seededRandom } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { loadPackedModel } from '../src/index';
import { networks } from './networks';
import { openPackedHeader, withPackedHeader } from './packed-file';
import { packed, sizeOf, specFor, values } from './toy-network';

describe('damaged packed models', () => {
  it.each([
    'residual block, pool and classifier',
    'inverted residual with clips',
    'Slice with steps',
    'Pad in real numbers between codes',
    'Transpose, Reshape and back',
    'Resize by copies',
    'Split, LeakyRelu and Concat',
    'AveragePool',
  ])('end in an error of ours or in some result, never in a crash: %s', (name) => {
    const network = networks[name]!;
    const data = values(sizeOf(network.dims), 7);
    const bytes = packed(network.model, specFor(network, findTarget('ort-x64'), data));
    const random = seededRandom(name.length);
    const spoilers = [null, -1, 0, 3, 0.5, 2 ** 40, 'x', [], {}, [1, 2], true];
    const spoil = (value: unknown): unknown => {
      const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      if (keys.length === 0 || random.next() < 0.05) return spoilers[Math.floor(random.next() * spoilers.length)];
      const key = keys[Math.floor(random.next() * keys.length)] as string;
      (value as Record<string, unknown>)[key] = spoil((value as Record<string, unknown>)[key]);
      return value;
    };
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      const header = structuredClone(openPackedHeader(bytes));
      const part = (['nodes', 'tensors', 'inputs', 'outputs'] as const)[i % 4] as string;
      header[part] = spoil(header[part]);
      try {
        loadPackedModel(withPackedHeader(bytes, header)).run({ x: { data, shape: network.dims } });
      } catch (error) {
        expect(QuantError.isInstance(error), `${i} ${part}: ${(error as Error).stack}`).toBe(true);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(80);
  });
});
