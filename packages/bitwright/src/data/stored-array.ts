import { elementCount, InputDataError } from '@bitwright/core';
import type { FeedArray, FeedType } from '@bitwright/ptq';
import type { ByteSource } from './byte-source';
import { elementBytes, elementsFromBytes } from './element-type';

/** An array in a file whose first axis can be read row by row. */
export interface StoredArray {
  readonly type: FeedType;
  readonly dims: readonly number[];
  /** The whole array, row-major. */
  readAll(): Promise<FeedArray>;
  /** Rows along the first axis, each dims[1]·…·dims[n] elements; neighbouring rows come from one read. */
  readRows(rows: readonly number[]): Promise<FeedArray[]>;
}

/** Where and how row-major elements are stored. */
export interface ArrayLayout {
  readonly type: FeedType;
  readonly littleEndian: boolean;
  readonly dims: readonly number[];
  /** First byte of the data. */
  readonly dataOffset: number;
}

const memoryLimit = 2 ** 31 - 1;

/** Row-major array at a known place of a source; reads only what is asked for. */
export function storedArray(source: ByteSource, layout: ArrayLayout): StoredArray {
  const rowElements = elementCount(layout.dims.slice(1));
  const rowBytes = rowElements * elementBytes(layout.type);
  const decode = (bytes: Uint8Array): FeedArray => elementsFromBytes(layout.type, bytes, layout.littleEndian);
  const readAll = async (): Promise<FeedArray> => {
    const length = elementCount(layout.dims) * elementBytes(layout.type);
    if (length > memoryLimit) {
      throw new InputDataError({
        operation: `[bitwright] read ${source.name}`,
        expected: `an array of at most ${memoryLimit} bytes to hold in memory`,
        received: `${length} bytes`,
      });
    }
    const [bytes = new Uint8Array()] = await source.read([{ offset: layout.dataOffset, length }]);
    return decode(bytes);
  };
  const readRows = async (rows: readonly number[]): Promise<FeedArray[]> => {
    const runs = consecutiveRuns(rows);
    const blocks = await source.read(
      runs.map((run) => ({ offset: layout.dataOffset + run.first * rowBytes, length: run.count * rowBytes })),
    );
    return blocks.flatMap((block, index) => splitRows(decode(block), runs[index]?.count ?? 0, rowElements));
  };
  return Object.freeze({ type: layout.type, dims: layout.dims, readAll, readRows });
}

/** Array already in memory, row-major. */
export function memoryArray(type: FeedType, dims: readonly number[], data: FeedArray): StoredArray {
  const rowElements = elementCount(dims.slice(1));
  const readRows = async (rows: readonly number[]): Promise<FeedArray[]> =>
    rows.map((row) => data.subarray(row * rowElements, (row + 1) * rowElements));
  return Object.freeze({ type, dims, readAll: async () => data, readRows });
}

function consecutiveRuns(rows: readonly number[]): { readonly first: number; readonly count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last !== undefined && row === last.first + last.count) last.count++;
    else runs.push({ first: row, count: 1 });
  }
  return runs;
}

function splitRows(block: FeedArray, count: number, rowElements: number): FeedArray[] {
  return Array.from({ length: count }, (_, row) => block.subarray(row * rowElements, (row + 1) * rowElements));
}
