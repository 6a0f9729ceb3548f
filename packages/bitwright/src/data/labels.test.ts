import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLabels } from './labels';
import { encodeNpy } from './npy';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitwright-labels-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(name: string, content: string | Uint8Array, names?: string[], sampleCount = 3): Promise<number[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  return [...(await loadLabels(path, { sampleCount, sampleNames: names }))];
}

describe('loadLabels', () => {
  it('reads every format', async () => {
    const int64 = encodeNpy({ type: 'int64', dims: [3], data: BigInt64Array.of(2n, 0n, 1n) });
    const column = encodeNpy({ type: 'uint8', dims: [3, 1], data: Uint8Array.of(2, 0, 1) });
    expect(await load('a.npy', int64)).toEqual([2, 0, 1]);
    expect(await load('b.npy', column)).toEqual([2, 0, 1]);
    expect(await load('a.u8', Uint8Array.of(2, 0, 1))).toEqual([2, 0, 1]);
    expect(await load('a.txt', '2\n0\r\n1\n\n')).toEqual([2, 0, 1]);
    expect(await load('a.csv', 'label\n2\n0\n1')).toEqual([2, 0, 1]);
    expect(await load('a.json', '[2,0,1]')).toEqual([2, 0, 1]);
  });

  it('matches tables to image names by path, else by file name', async () => {
    const names = ['cats/1.jpg', 'cats/2.jpg', 'dogs/1.jpg'];
    expect(await load('t.tsv', 'dogs/1.jpg\t5\ncats/1.jpg\t3\ncats/2.jpg\t4', names)).toEqual([3, 4, 5]);
    const header = 'file\tclass_index\twnid\n2.jpg\t4\tn1\ncats/1.jpg\t3\tn2\ndogs/1.jpg\t5\tn3\nother.jpg\t9\tn4';
    expect(await load('h.tsv', header, names)).toEqual([3, 4, 5]);
    expect(await load('q.csv', '"cats/1.jpg",3\ncats/2.jpg,4\ndogs/1.jpg,5', names)).toEqual([3, 4, 5]);
    expect(await load('m.json', '{"1.jpg":1,"cats/1.jpg":3,"dogs/1.jpg":5,"2.jpg":0}', names)).toEqual([3, 0, 5]);
    expect(await load('s.txt', 'cats/1.jpg 3\ncats/2.jpg 4\ndogs/1.jpg 5', names)).toEqual([3, 4, 5]);
  });

  it.each([
    ['c.txt', '1\n2', /3 labels, one per sample, received 2/],
    ['d.txt', '1\ntwo\n3', /class indices.*"two" as label 1/],
    ['e.txt', '1\n-2\n3', /"-2" as label 1/],
    ['f.json', '[1, 2.5, 3]', /2\.5 as label 1/],
    ['g.json', '{', /JSON/],
    ['h.csv', 'a.jpg,1\nb.jpg,2\nc.jpg,3', /samples have no names/],
    ['i.bin', 'x', /labels as \.npy/],
    ['j.txt', '', /empty/],
    ['k.npy', encodeNpy({ type: 'float32', dims: [3], data: new Float32Array(3) }), /integer labels.*float32/],
    ['l.npy', encodeNpy({ type: 'int8', dims: [3, 10], data: new Int8Array(30) }), /of shape \[3,10\]/],
  ])('refuses %s', async (name, content, message) => {
    await expect(load(name, content)).rejects.toThrow(message);
    await expect(load(name, content)).rejects.toMatchObject({ code: 'ERR_INPUT_DATA' });
  });

  it('names an image without a label', async () => {
    await expect(load('n.csv', 'a.jpg,1\nb.jpg,2', ['a.jpg', 'b.jpg', 'x/c.jpg'])).rejects.toThrow(
      /none for 1 of 3, e\.g\. x\/c\.jpg/,
    );
  });
});
