import type { ExternalDataReader } from '@bitwright/onnx';
import type { Weight } from './find-weights';
import { readCopy } from './read-weight';

/** Entries of W compared before all of them are. */
const probes = 64;

/**
 * Makes one weight of matrices with equal content, whether stored as W or as Wᵀ: a tied output projection is usually exported as a
 * second, transposed copy of the embedding. Content is compared exactly.
 */
export function mergeEqualWeights(
  weights: readonly Weight[],
  readExternal: ExternalDataReader | undefined,
): readonly Weight[] {
  const byProbe = new Map<string, number[]>();
  const merged: Weight[] = [];
  for (const weight of weights) {
    if (weight.shape.length !== 2) {
      merged.push(weight);
      continue;
    }
    const data = readStored(weight, readExternal);
    const key = `${weight.dataType} ${weight.rows} ${weight.columns} ${probe(data, weight)}`;
    const candidates = byProbe.get(key) ?? [];
    const match = candidates.find((i) => isEqual(merged[i] as Weight, weight, data, readExternal));
    if (match === undefined) {
      byProbe.set(key, [...candidates, merged.length]);
      merged.push(weight);
    } else {
      merged[match] = join(merged[match] as Weight, weight);
    }
  }
  return merged;
}

// — internals —

function readStored(weight: Weight, readExternal: ExternalDataReader | undefined): Float32Array {
  const [copy] = weight.copies;
  return copy === undefined ? new Float32Array() : readCopy(copy, readExternal);
}

/** Position of W[n][k] in the stored tensor: n·stepN + k·stepK. */
function steps({ isTransposed, rows, columns }: Weight): readonly [stepN: number, stepK: number] {
  return isTransposed ? [1, rows] : [columns, 1];
}

function probe(data: Float32Array, weight: Weight): string {
  const [stepN, stepK] = steps(weight);
  const values: number[] = [];
  for (let i = 0; i < probes; i++) {
    values.push(data[((i * 7919) % weight.rows) * stepN + ((i * 104729) % weight.columns) * stepK] as number);
  }
  return values.join(' ');
}

function isEqual(a: Weight, b: Weight, dataB: Float32Array, readExternal: ExternalDataReader | undefined): boolean {
  const dataA = readStored(a, readExternal);
  const [stepNA, stepKA] = steps(a);
  const [stepNB, stepKB] = steps(b);
  for (let n = 0; n < a.rows; n++) {
    for (let k = 0; k < a.columns; k++) {
      if (dataA[n * stepNA + k * stepKA] !== dataB[n * stepNB + k * stepKB]) return false;
    }
  }
  return true;
}

function join(a: Weight, b: Weight): Weight {
  return {
    ...a,
    copies: [...a.copies, ...b.copies],
    byteLength: a.byteLength + b.byteLength,
    sites: [...a.sites, ...b.sites],
  };
}
