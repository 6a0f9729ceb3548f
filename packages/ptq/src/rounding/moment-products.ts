import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  intAttribute,
  tensorFromArray,
} from '@bitwright/onnx';
import type { FeedTensor } from '../feeds';
import type { Runtime, Session } from '../session';
import type { GramProduct } from './adaround';

/** AᵀA [K,K] and TᵀA [M,K] of rows a [S,K] and t [S,M]. */
export type MomentProducts = (
  a: Float32Array,
  columns: number,
  t: Float32Array,
  targets: number,
) => Promise<{ readonly gram: ArrayLike<number>; readonly cross: ArrayLike<number> }>;

/** Below this many columns a plain loop beats the call into the runtime. */
const fewColumns = 40;

/**
 * Second moments computed by the runtime's matrix product, whose float32 sums over one batch the caller adds up in float64.
 * The runtime splits a product over its results, never over the sum, so the same machine gives the same bytes.
 */
export async function createMomentProducts(
  runtime: Runtime,
): Promise<{ readonly moments: MomentProducts; readonly release: () => Promise<void> }> {
  const session = await runtime.createSession(momentModel());
  return {
    moments: async (a, columns, t, targets) => {
      if (columns <= fewColumns) return plainMoments(a, columns, t, targets);
      const rows = a.length / columns;
      const results = await session.run({ a: matrix(a, rows, columns), t: matrix(t, rows, targets) });
      return { gram: dataOf(results['gram']), cross: dataOf(results['cross']) };
    },
    release: () => session.release(),
  };
}

/** D·gram with a fixed gram [K,K]: the runtime's product for large matrices, else a loop. Call `release` when done. */
export async function createGramProduct(
  runtime: Runtime,
  gram: Float64Array,
  columns: number,
): Promise<{ readonly multiply: GramProduct; readonly release: () => Promise<void> }> {
  const single = Float32Array.from(gram);
  if (columns <= fewColumns) {
    return { multiply: (d) => Promise.resolve(plainProduct(d, single, columns)), release: () => Promise.resolve() };
  }
  const session: Session = await runtime.createSession(productModel(single, columns));
  return {
    multiply: async (d) => {
      const results = await session.run({ d: matrix(d, d.length / columns, columns) });
      return dataOf(results['product']);
    },
    release: () => session.release(),
  };
}

// — internals —

const opset = 13;
const irVersion = 8;

function momentModel(): Uint8Array {
  const product = (left: string, output: string) =>
    createNode({
      opType: 'Gemm',
      name: output,
      inputs: [left, 'a'],
      outputs: [output],
      attributes: [intAttribute('transA', 1)],
    });
  return encodeModel(
    createModel({
      irVersion,
      opsets: { '': opset },
      graph: createGraph({
        name: 'moments',
        nodes: [product('a', 'gram'), product('t', 'cross')],
        inputs: ['a', 't'].map((name) => createValueInfo(name, DataType.FLOAT, ['s', `${name}_columns`])),
        outputs: ['gram', 'cross'].map((name) => createValueInfo(name, DataType.FLOAT)),
      }),
    }),
  );
}

function productModel(gram: Float32Array, columns: number): Uint8Array {
  return encodeModel(
    createModel({
      irVersion,
      opsets: { '': opset },
      graph: createGraph({
        name: 'product',
        nodes: [createNode({ opType: 'MatMul', name: 'product', inputs: ['d', 'gram'], outputs: ['product'] })],
        inputs: [createValueInfo('d', DataType.FLOAT, ['r', columns])],
        outputs: [createValueInfo('product', DataType.FLOAT)],
        initializers: [tensorFromArray('gram', DataType.FLOAT, [columns, columns], gram)],
      }),
    }),
  );
}

function matrix(data: Float32Array, rows: number, columns: number): FeedTensor {
  return { type: 'float32', data, dims: [rows, columns] };
}

function dataOf(tensor: FeedTensor | undefined): Float32Array {
  return (tensor?.data ?? new Float32Array(0)) as Float32Array;
}

function plainMoments(
  a: Float32Array,
  columns: number,
  t: Float32Array,
  targets: number,
): { gram: Float64Array; cross: Float64Array } {
  const rows = a.length / columns;
  const gram = new Float64Array(columns * columns);
  const cross = new Float64Array(targets * columns);
  for (let s = 0; s < rows; s++) {
    const from = s * columns;
    for (let i = 0; i < columns; i++) {
      const v = a[from + i] as number;
      if (v === 0) continue;
      for (let j = i; j < columns; j++) {
        gram[i * columns + j] = (gram[i * columns + j] as number) + v * (a[from + j] as number);
      }
    }
    for (let m = 0; m < targets; m++) {
      const v = t[s * targets + m] as number;
      for (let j = 0; j < columns; j++) {
        cross[m * columns + j] = (cross[m * columns + j] as number) + v * (a[from + j] as number);
      }
    }
  }
  for (let i = 1; i < columns; i++) {
    for (let j = 0; j < i; j++) gram[i * columns + j] = gram[j * columns + i] as number;
  }
  return { gram, cross };
}

function plainProduct(d: Float32Array, gram: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(d.length);
  for (let base = 0; base < d.length; base += columns) {
    for (let i = 0; i < columns; i++) {
      const v = d[base + i] as number;
      if (v === 0) continue;
      for (let j = 0; j < columns; j++)
        out[base + j] = (out[base + j] as number) + v * (gram[i * columns + j] as number);
    }
  }
  return out;
}
