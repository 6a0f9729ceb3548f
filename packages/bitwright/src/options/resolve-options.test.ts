import { describe, expect, it } from 'vitest';
import type { OptionTable } from './option-table';
import { resolveOptions } from './resolve-options';

const table = {
  target: { flags: '-t, --target <id>', kind: 'text', description: '' },
  batchSize: { flags: '--batch-size <n>', kind: 'integer', description: '' },
  data: { flags: '--data <path>', kind: 'paths', description: '' },
  verify: { flags: '--no-verify', kind: 'flag', description: '' },
  mean: { flags: '--mean <numbers>', kind: 'numbers', description: '' },
  shape: { flags: '--shape <shape>', kind: 'shapes', description: '' },
  layout: { flags: '--layout <layout>', kind: 'text', choices: ['nchw', 'nhwc'], description: '' },
  force: { flags: '-f, --force', kind: 'flag', description: '', isFlagOnly: true },
} as const satisfies OptionTable;

const file = (values: Record<string, unknown>) => ({ path: 'bitwright.config.json', folder: '/project', values });

describe('resolveOptions', () => {
  it('takes the flag before the environment, that before the file, and nothing else', () => {
    const env = { BITWRIGHT_TARGET: 'from-env', BITWRIGHT_BATCH_SIZE: '7' };
    const options = resolveOptions(
      table,
      { target: 'from-flag' },
      env,
      file({ target: 'from-file', batchSize: 9, data: 'a.npy' }),
    );
    expect(options).toEqual({ target: 'from-flag', batchSize: 7, data: ['/project/a.npy'] });
    expect(resolveOptions(table, {}, {}, undefined)).toEqual({});
  });

  it('ignores empty variables and keeps flag-only options out of the environment and the file', () => {
    const env = { BITWRIGHT_TARGET: '', BITWRIGHT_FORCE: '1' };
    expect(resolveOptions(table, {}, env, file({ target: 'web', force: true }))).toEqual({ target: 'web' });
  });

  it('reads every kind of value a file may hold', () => {
    const values = {
      mean: [0.5, 0.25],
      shape: { image: [1, 3, 8, 8] },
      verify: false,
      data: ['x=calib/x.npy', '/abs/y.npy'],
    };
    expect(resolveOptions(table, {}, {}, file(values))).toEqual({
      mean: '0.5,0.25',
      shape: ['image=1x3x8x8'],
      verify: false,
      data: ['x=/project/calib/x.npy', '/abs/y.npy'],
    });
    expect(resolveOptions(table, {}, {}, file({ mean: 0.5, shape: [32, 32, 3] }))).toEqual({
      mean: '0.5',
      shape: ['32x32x3'],
    });
  });

  it.each([
    [{ batchSize: 'x' }, {}, {}, "--batch-size: expected a whole number of at least 1, received 'x'."],
    [
      {},
      { BITWRIGHT_BATCH_SIZE: '1.5' },
      {},
      "BITWRIGHT_BATCH_SIZE: expected a whole number of at least 1, received '1.5'.",
    ],
    [{}, { BITWRIGHT_VERIFY: 'maybe' }, {}, "BITWRIGHT_VERIFY: expected true or false, received 'maybe'."],
    [{}, { BITWRIGHT_LAYOUT: 'chwn' }, {}, "BITWRIGHT_LAYOUT: expected one of nchw, nhwc, received 'chwn'."],
    [
      {},
      {},
      { batchSize: '8' },
      'bitwright.config.json: batchSize: expected a whole number of at least 1, received "8".',
    ],
    [{}, {}, { target: 5 }, 'bitwright.config.json: target: expected a string, received 5.'],
    [
      {},
      {},
      { shape: { image: 'x' } },
      'bitwright.config.json: shape.image: expected an array of numbers, received "x".',
    ],
    [{}, {}, { data: [1] }, 'bitwright.config.json: data: expected a string, received 1.'],
  ])('names where a wrong value stands: %j %j %j', (flags, env, values, message) => {
    expect(() => resolveOptions(table, flags, env, file(values))).toThrow(message);
  });
});
