import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SampleValues } from './indexed-source';
import type { ModelInput } from './model-input';
import { openModule } from './module';

const input = { name: 'x', type: 'float32', dims: ['N', 2] };
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitwright-module-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function collect(code: string, inputs: readonly ModelInput[] = [input], ending = 'mjs'): Promise<SampleValues[]> {
  const path = join(folder, `samples${count++}.${ending}`);
  await writeFile(path, code);
  const start = await openModule(path, inputs);
  const first: SampleValues[] = [];
  const second: SampleValues[] = [];
  for await (const sample of start()) first.push(sample);
  for await (const sample of start()) second.push(sample);
  expect(second).toEqual(first);
  return first;
}
const values = (samples: readonly SampleValues[]): unknown[] => samples.map((row) => [...(row.get('x')?.data ?? [])]);

describe('openModule', () => {
  it('takes arrays, functions, async generators and the export `samples`', async () => {
    const expected = [
      [1, 2],
      [3, 4],
    ];
    expect(values(await collect('export default [[1, 2], [3, 4]]'))).toEqual(expected);
    expect(values(await collect('export default async () => [Float32Array.of(1, 2), Float32Array.of(3, 4)]'))).toEqual(
      expected,
    );
    expect(
      values(await collect('export async function* samples() { yield { x: [1, 2] }; yield { x: [3, 4] }; }')),
    ).toEqual(expected);
  });

  it('loads TypeScript and CommonJS', async () => {
    const code = 'export const samples = function* (): Iterable<number[]> { yield [1, 2] };';
    expect(values(await collect(code, [input], 'ts'))).toEqual([[1, 2]]);
    expect(values(await collect('module.exports = [[1, 2]]', [input], 'cjs'))).toEqual([[1, 2]]);
  });

  it('splits batches into samples and copies reused buffers', async () => {
    const code = `const buffer = new Float32Array(4);
      export default function* () {
        for (let step = 0; step < 2; step++) { buffer.fill(step); yield { x: { data: buffer, dims: [2, 2] } }; }
      }`;
    expect(values(await collect(code))).toEqual([
      [0, 0],
      [0, 0],
      [1, 1],
      [1, 1],
    ]);
  });

  it('keeps feeds whole whose inputs do not share a first axis', async () => {
    const state = { name: 'h', type: 'float32', dims: [2, 1] };
    const [row] = await collect('export default [{ x: [[1, 2]], h: [[5], [6]] }]', [input, state]);
    expect(row?.get('x')?.dims).toEqual([2]);
    expect(row?.get('h')?.dims).toEqual([2, 1]);
  });

  it.each([
    ['export const other = 1', /a default export or `samples`/],
    ['export default 5', /received number/],
    ['export default (function* () {})()', /can be read once.*Export the generator function itself/],
    ['export default () => 5', /a function returning number/],
    ['throw new Error("broken inside")', /a module that loads, received broken inside/],
    ['export default [{ y: [1, 2] }]', /inputs x, from item 0 of .*received 'y'/],
    ['export default [[1, 2], [1, 2, 3]]', /\[N,2\] for input 'x'.*\[3\] from item 1/],
    ['export default [{ x: { data: Float32Array.of(1), dims: [1, 2] } }]', /2 elements for dims \[1,2\]/],
    ['export default ["text"]', /for the inputs x/],
  ])('refuses %j', async (code, message) => {
    await expect(collect(code)).rejects.toThrow(message);
  });
});
