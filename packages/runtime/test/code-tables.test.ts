import { findTarget } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { codeTables } from '../src/code-tables';
import type { ActivationCodes, CodesValue } from '../src/index';

const scheme = findTarget('ort-x64').schemes.activation;
const { qmin, qmax } = scheme;
const grid = (scale: number): ActivationCodes => ({ scheme, scale, zeroPoint: 0, qmin, qmax });
const value = (data: CodesValue['data'], parameters: ActivationCodes): CodesValue => ({
  kind: 'codes',
  shape: [1],
  order: 'plain',
  data,
  parameters,
});

describe('codeTables', () => {
  it('computes a function once for two grids, and again for others and for wider codes', () => {
    let calls = 0;
    const tables = codeTables((x) => {
      calls++;
      return x * x;
    });
    const [from, to] = [grid(0.5), grid(0.25)];
    const table = tables(value(Uint8Array.of(3), from), to);
    expect(calls).toBe(256);
    // (0.5·3)² = 2.25, that is 9 steps of 0.25.
    expect(table.entries[3]).toBe(9);
    expect(tables(value(Uint8Array.of(7), from), to)).toBe(table);
    expect(calls).toBe(256);
    expect(tables(value(Uint8Array.of(7), from), grid(0.5)).entries[3]).toBe(5 - 1);
    expect(calls).toBe(512);
    expect(tables(value(Uint16Array.of(7), from), to).entries).toHaveLength(65536);
    expect(calls).toBe(512 + 65536);
  });
});
