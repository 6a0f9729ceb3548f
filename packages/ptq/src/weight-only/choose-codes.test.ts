import { seededRandom } from '@bitwright/core';
import { dequantizeCodes } from '@bitwright/export';
import { describe, expect, it } from 'vitest';
import { chooseBlockGrid, roundToGrid } from './block-grid';
import { chooseBlockCodes, chooseLookupCodes, chooseRowCodes } from './choose-codes';
import { gptqBlocks } from './gptq-blocks';
import { powerTable } from './shrink-table';

const rows = 12;
const columns = 80;

/** Weights with a few outliers. */
function someWeights(seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * columns }, () => {
    const sum = random.next() + random.next() + random.next() - 1.5;
    return random.next() < 0.02 ? 4 * sum : sum;
  });
}

/** XᵀX of correlated inputs. */
function someGram(seed: number): Float64Array {
  const random = seededRandom(seed);
  const gram = new Float64Array(columns * columns);
  for (let sample = 0; sample < 200; sample++) {
    const common = random.next() - 0.5;
    const x = Array.from({ length: columns }, (_, k) => common + (random.next() - 0.5) * (1 + (k % 7)));
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++)
        gram[i * columns + j] = (gram[i * columns + j] as number) + (x[i] as number) * (x[j] as number);
    }
  }
  return gram;
}

function squaredError(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, v, i) => sum + (v - (b[i] as number)) ** 2, 0);
}

/** Σ_n (ŵ_n − w_n)·gram·(ŵ_n − w_n)ᵀ: the error of the outputs. */
function outputError(weights: Float32Array, real: Float32Array, gram: Float64Array): number {
  let error = 0;
  for (let n = 0; n < rows; n++) {
    for (let i = 0; i < columns; i++) {
      const a = (real[n * columns + i] as number) - (weights[n * columns + i] as number);
      for (let j = 0; j < columns; j++) {
        const b = (real[n * columns + j] as number) - (weights[n * columns + j] as number);
        error += a * b * (gram[i * columns + j] as number);
      }
    }
  }
  return error;
}

const weights = someWeights(1);
const data = { weights, rows, columns };
const choose = (method: 'rtn' | 'mse' | 'hqq' | 'gptq', more: Partial<Parameters<typeof chooseBlockCodes>[1]> = {}) =>
  chooseBlockCodes(data, { method, bits: 4, blockSize: 32, symmetric: true, ...more });

describe('chooseBlockCodes', () => {
  it.each([
    [4, true],
    [4, false],
    [2, true],
    [2, false],
  ] as const)('makes the squared error smaller with mse than with rtn (%i bits, symmetric: %s)', (bits, symmetric) => {
    const nearest = squaredError(weights, dequantizeCodes(choose('rtn', { bits, symmetric })));
    const fitted = squaredError(weights, dequantizeCodes(choose('mse', { bits, symmetric })));
    expect(fitted).toBeLessThan(nearest);
  });

  it.each([true, false])('makes the error below the norm of hqq smaller than rtn does (symmetric: %s)', (symmetric) => {
    const normError = (method: 'rtn' | 'hqq'): number => {
      const real = dequantizeCodes(choose(method, { symmetric }));
      return weights.reduce((sum, w, i) => sum + Math.abs(w - (real[i] as number)) ** 0.7, 0);
    };
    expect(normError('hqq')).toBeLessThan(normError('rtn'));
  });

  it('fits real zero points closer than integer ones', () => {
    const integer = squaredError(weights, dequantizeCodes(choose('hqq', { symmetric: false })));
    const real = choose('hqq', { symmetric: false, realZeroPoints: true });
    expect(real.zeroPoint).toBeInstanceOf(Float32Array);
    expect(squaredError(weights, dequantizeCodes(real))).toBeLessThan(integer);
  });

  it.each([
    [4, true],
    [4, false],
    [2, true],
  ] as const)(
    'makes the output error smaller with gptq than any grid alone (%i bits, symmetric: %s)',
    (bits, symmetric) => {
      const gram = someGram(2);
      const errorOf = (method: 'rtn' | 'mse' | 'gptq') =>
        outputError(weights, dequantizeCodes(choose(method, { bits, symmetric, gram })), gram);
      expect(errorOf('gptq')).toBeLessThan(0.9 * errorOf('mse'));
      expect(errorOf('gptq')).toBeLessThan(0.8 * errorOf('rtn'));
    },
  );

  it('gives the same bytes every time', () => {
    const gram = someGram(3);
    for (const method of ['mse', 'hqq', 'gptq'] as const) {
      expect(choose(method, { gram })).toEqual(choose(method, { gram }));
    }
  });
});

describe('gptqBlocks', () => {
  it('is rounding to nearest when the inputs are uncorrelated', () => {
    const gram = new Float64Array(columns * columns);
    for (let k = 0; k < columns; k++) gram[k * columns + k] = 1 + (k % 5);
    const grid = chooseBlockGrid(weights, rows, columns, { bits: 4, blockSize: 32, symmetric: true });
    expect(gptqBlocks(weights, rows, columns, grid, gram)).toEqual(roundToGrid(weights, rows, columns, grid));
  });

  it('accepts inputs that are always zero', () => {
    const gram = new Float64Array(columns * columns);
    const grid = chooseBlockGrid(weights, rows, columns, { bits: 4, blockSize: 32, symmetric: false });
    expect(gptqBlocks(weights, rows, columns, grid, gram)).toEqual(roundToGrid(weights, rows, columns, grid));
  });
});

describe('chooseRowCodes', () => {
  const small = { weights: Float32Array.of(1.27, -0.01, 0, -2.54, 0.02, 1), rows: 2, columns: 3 };

  it('scales every row by its largest magnitude over 127', () => {
    const codes = chooseRowCodes(small, { isSigned: true, perRow: true, reducedRange: false });
    expect([...codes.codes]).toEqual([127, -1, 0, -127, 1, 50]);
    expect([...codes.scale]).toEqual(
      [Math.fround(1.27 / 127), Math.fround(2.54 / 127)].map((v) => expect.closeTo(v, 7)),
    );
  });

  it('adds 128 to unsigned codes, and stays within ±64 in the reduced range', () => {
    const unsigned = chooseRowCodes(small, { isSigned: false, perRow: true, reducedRange: false });
    expect([...unsigned.codes]).toEqual([255, 127, 128, 1, 129, 178]);
    const reduced = chooseRowCodes(small, { isSigned: true, perRow: false, reducedRange: true });
    expect([...reduced.codes]).toEqual([32, 0, 0, -64, 1, 25]);
    expect(reduced.scale).toHaveLength(1);
  });
});

describe('chooseLookupCodes', () => {
  it('takes the nearest level of each block', () => {
    // Block of −2, 1, 0, 0.2 scaled by 2: −1 is code 0, 0.5 is nearest 0.4407 (12), 0 is 7, 0.1 is nearest 0.0796 (8)
    const codes = chooseLookupCodes({ weights: Float32Array.of(-2, 1, 0, 0.2, 0, 0), rows: 2, columns: 3 }, 'nf4', 4);
    expect([...codes.codes]).toEqual([0, 12, 7, 8, 7, 7]);
    expect([...codes.absmax]).toEqual([2, 0]);
  });

  it('finds levels of tables that are not in order', () => {
    const codes = chooseLookupCodes({ weights: Float32Array.of(3, -1, 2, 0.75), rows: 1, columns: 4 }, 'fp4', 4);
    expect([...dequantizeCodes(codes)].map((v) => Math.round(100 * v) / 100)).toEqual([3, -1, 2, 0.75]);
  });
});

describe('powerTable', () => {
  it('is within its stated error of the power', () => {
    const power = powerTable(-0.3);
    for (let x = 1e-6; x < 1e4; x *= 1.37) expect(Math.abs(power(x) / x ** -0.3 - 1)).toBeLessThan(0.3 / 4096);
  });
});
