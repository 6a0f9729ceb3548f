import { gemmF32 } from '@bitwright/kernels-native';
import { backend_util, Einsum, type EinsumAttrs, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { areFloat32 } from '../float32';
import { maxRank } from '../max-rank';
import { transposed } from '../movement/transpose';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/**
 * tf.einsum of two tensors as one batched matrix product: letters of both inputs and the output are the batch, letters that are summed
 * are the inner dimension, the others rows and columns. tfjs' cpu kernel multiplies out all letters before it sums.
 */
export const einsum: NativeKernel = nativeKernel<Record<string, TensorInfo>, EinsumAttrs>(
  Einsum,
  'float32, two tensors of up to 6 dimensions, no letter summed in one of them alone',
  ({ inputs, attrs: { equation }, backend }) => {
    const [a, b, ...others] = Object.values(inputs);
    if (a === undefined || b === undefined || others.length > 0 || !areFloat32(a, b)) return undefined;
    const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, 2);
    backend_util.checkEinsumDimSizes(allDims.length, idDims, [a, b] as Tensor[]);
    const letters = groupLetters(allDims.length, summedDims, idDims);
    if (letters === undefined || a.shape.length > maxRank || b.shape.length > maxRank) return undefined;
    const [lettersOfA = [], lettersOfB = []] = idDims;
    const sizes = allDims.map((_, letter) => {
      const axis = lettersOfA.indexOf(letter);
      return (axis >= 0 ? a.shape[axis] : b.shape[lettersOfB.indexOf(letter)]) as number;
    });
    const size = (group: readonly number[]): number =>
      group.reduce((product, letter) => product * (sizes[letter] ?? 1), 1);
    const { batch, rows, columns, inner } = letters;
    const [m, n, k] = [size(rows), size(columns), size(inner)];
    const order = [...batch, ...rows, ...columns];
    if (m * n * k === 1 || order.length > maxRank) return undefined;
    const left = arranged(backend, a, lettersOfA, [...batch, ...rows, ...inner]);
    const right = arranged(backend, b, lettersOfB, [...batch, ...inner, ...columns]);
    const product = backend.output(order.map((letter) => sizes[letter] as number));
    const shape = { m, n, k, batch: size(batch), strideA: m * k, strideB: k * n };
    gemmF32(backend.native, shape, backend.values(left), backend.values(right), product.values);
    backend.disposeData(left.dataId);
    backend.disposeData(right.dataId);
    const result = arranged(
      backend,
      product.info,
      order,
      order.toSorted((x, y) => x - y),
    );
    backend.disposeData(product.info.dataId);
    return result;
  },
);

// — internals —

interface LetterGroups {
  readonly batch: readonly number[];
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly inner: readonly number[];
}

/** Letters by the inputs they are in; undefined where one is summed in one input alone. */
function groupLetters(
  count: number,
  summed: readonly number[],
  [ofA = [], ofB = []]: readonly (readonly number[])[],
): LetterGroups | undefined {
  const letters = Array.from({ length: count }, (_, letter) => letter);
  const isShared = (letter: number): boolean => ofA.includes(letter) && ofB.includes(letter);
  if (!summed.every(isShared)) return undefined;
  const kept = letters.filter((letter) => !summed.includes(letter));
  return {
    batch: kept.filter(isShared),
    rows: kept.filter((letter) => !ofB.includes(letter)),
    columns: kept.filter((letter) => !ofA.includes(letter)),
    inner: summed,
  };
}

/** A tensor with its letters in another order. */
function arranged(
  backend: BitwrightBackend,
  info: TensorInfo,
  letters: readonly number[],
  order: readonly number[],
): TensorInfo {
  const permutation = order.map((letter) => letters.indexOf(letter));
  return transposed(backend, { ...info, dtype: 'float32' }, permutation);
}
