import { describe, expect, it } from 'vitest';
import { memorySource } from './byte-source';
import { jsonlSource } from './jsonl';

const open = (text: string, ...inputs: { name: string; type: string; dims: (number | string)[] }[]) =>
  jsonlSource(memorySource('a.jsonl', new TextEncoder().encode(text)), inputs);
const matrix = { name: 'x', type: 'float32', dims: ['N', 2, 2] };
const tokens = { name: 'ids', type: 'int64', dims: ['N', 'T'] };

describe('jsonlSource', () => {
  it('reads one sample per line, nested or flat, and skips empty lines', async () => {
    const source = await open('[[1,2],[3,4]]\n\n[5,6,7,8]\r\n[[[9,9],[9,9]]]', matrix);
    expect(source.length).toBe(3);
    const rows = await source.read([1, 0, 2]);
    expect(rows.map((row) => (row as ReadonlyMap<string, unknown>).get('x'))).toEqual([
      { type: 'float32', dims: [2, 2], data: Float32Array.of(5, 6, 7, 8) },
      { type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      { type: 'float32', dims: [2, 2], data: Float32Array.of(9, 9, 9, 9) },
    ]);
  });

  it('reads objects for several inputs, with lengths of their own', async () => {
    const source = await open('{"ids":[1,2,3],"x":[[1,2],[3,4]]}\n{"x":[[0,0],[0,1]],"ids":[7]}', tokens, matrix);
    const [, second] = (await source.read([0, 1])) as ReadonlyMap<string, unknown>[];
    expect(second?.get('ids')).toEqual({ type: 'int64', dims: [1], data: BigInt64Array.of(7n) });
  });

  it.each([
    ['[[1,2],[3,4]]\n[[1,2],[3]]', /rows of 2 at depth 1 in input 'x', line 2 of a\.jsonl, received a row of 1/],
    ['\n[[1,2],[3,"4"]]', /numbers at depth 2 in input 'x', line 2 .*string/],
    ['[[1,2],[3,4]', /one JSON value in line 1/],
    ['{"y":[[1,2],[3,4]]}', /inputs x in line 1 of a\.jsonl, received 'y'/],
    ['{}', /a value for input 'x' in line 1/],
    ['"text"', /an object with the inputs x in line 1/],
    ['[[1,2,3],[4,5,6]]', /\[N,2,2\] for input 'x'.*\[2,3\] from line 1/],
  ])('names the line of %j', async (text, message) => {
    const read = async (): Promise<unknown> => (await open(text, matrix)).read([0, 1]);
    await expect(read()).rejects.toThrow(message);
  });

  it('names NaN and infinities, which JSON does not have', async () => {
    await expect(open('[[1,NaN],[3,4]]', matrix)).rejects.toMatchObject({ code: 'ERR_NON_FINITE_DATA' });
    await expect(open('[[1,1e999],[3,4]]', matrix)).rejects.toThrow(/Infinity at element 1/);
  });

  it('refuses fractions and large numbers for integer inputs', async () => {
    await expect(open('[1.5]', tokens)).rejects.toThrow(/\(int64\).*1\.5 at element 0/);
    await expect(open('[1e30]', tokens)).rejects.toThrow(/1e\+30/);
  });

  it('refuses nesting without end and files without a sample', async () => {
    await expect(open(`${'['.repeat(5000)}${']'.repeat(5000)}`, matrix)).rejects.toThrow(/16 levels/);
    await expect(open('\n \n', matrix)).rejects.toThrow(/at least one line/);
  });
});
