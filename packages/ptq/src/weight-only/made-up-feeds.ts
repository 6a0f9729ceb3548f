import { type SeededRandom, seededRandom } from '@bitwright/core';
import { type Model, type Node, tensorShape } from '@bitwright/onnx';
import type { FeedArray, Feeds, FeedTensor, FeedType } from '../feeds';
import type { SessionTensor } from '../session';

/** Lengths given to symbolic axes. */
const batchLength = 1;
const sequenceLength = 16;

/**
 * Inputs to run a model on when there are no samples: enough to see that a file loads, runs, and agrees with another. Integers that
 * index a table stay within it, masks are 1, positions count up, flags are false, floats are normal; open axes become 1 (batch,
 * past) or 16.
 */
export function madeUpFeeds(model: Model, inputs: readonly SessionTensor[], seed = 1): Feeds {
  const random = seededRandom(seed);
  return Object.fromEntries(
    inputs.map((input): [string, FeedTensor] => {
      const dims = input.dims.map((dim, axis) => (typeof dim === 'number' ? dim : openAxis(dim, axis)));
      const size = dims.reduce((a, b) => a * b, 1);
      const limit = indexLimit(model, input.name);
      const value = (i: number): number => {
        if (input.type === 'bool' || /use_cache/i.test(input.name)) return 0;
        if (/mask/i.test(input.name)) return 1;
        if (/position/i.test(input.name)) return i % (dims.at(-1) ?? 1);
        if (input.type.startsWith('float')) return normal(random);
        return Math.floor(random.next() * (limit ?? 2));
      };
      return [input.name, { type: input.type, dims, data: arrayOf(input.type, size, value) }];
    }),
  );
}

// — internals —

function openAxis(name: string | undefined, axis: number): number {
  if (name === undefined) return axis === 0 ? batchLength : sequenceLength;
  if (/batch|past|^n$/i.test(name)) return batchLength;
  return axis === 0 ? batchLength : sequenceLength;
}

/** Rows of the smallest table that the input indexes directly. */
function indexLimit(model: Model, input: string): number | undefined {
  const graph = model.graph;
  const tables = (graph?.node ?? []).flatMap((node: Node) => {
    if (node.opType !== 'Gather' || node.input[1] !== input) return [];
    const table = graph?.initializer.find((tensor) => tensor.name === node.input[0]);
    return table === undefined ? [] : [tensorShape(table)[0] ?? 1];
  });
  return tables.length === 0 ? undefined : Math.min(...tables);
}

/** Sum of twelve uniform numbers less six: normal enough. */
function normal(random: SeededRandom): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.next();
  return sum;
}

function arrayOf(type: FeedType, size: number, value: (i: number) => number): FeedArray {
  const values = Array.from({ length: size }, (_, i) => value(i));
  switch (type) {
    case 'float32':
      return Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
    case 'int64':
      return BigInt64Array.from(values, BigInt);
    case 'uint64':
      return BigUint64Array.from(values, BigInt);
    case 'int32':
      return Int32Array.from(values);
    case 'uint32':
      return Uint32Array.from(values);
    case 'int16':
      return Int16Array.from(values);
    case 'uint16':
    case 'float16':
      return Uint16Array.from(values);
    case 'int8':
      return Int8Array.from(values);
    default:
      return Uint8Array.from(values);
  }
}
