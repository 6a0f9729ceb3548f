import { mkdir, mkdtemp, open as openFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Feeds } from '@bitwright/ptq';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileSource } from './byte-source';
import { encodeNpy, openNpy } from './npy';
import { preprocessPresets } from './preprocess';
import { parseShape } from './raw';
import { type OpenSamplesOptions, openSamples } from './sample-source';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitwright-samples-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
const vector = { name: 'x', type: 'float32', dims: ['N', 2] };
const ramp = (rows: number): Uint8Array =>
  encodeNpy({ type: 'float32', dims: [rows, 2], data: Float32Array.from({ length: rows * 2 }, (_, i) => i) });
const open = (spec: string | string[], options: Partial<OpenSamplesOptions> = {}) =>
  openSamples([spec].flat(), { inputs: [vector], ...options });
async function firsts(batches: AsyncIterable<Feeds>): Promise<number[][]> {
  const result: number[][] = [];
  for await (const { x } of batches) {
    const size = (x?.data.length ?? 0) / (x?.dims[0] ?? 1);
    result.push(Array.from({ length: x?.dims[0] ?? 0 }, (_, row) => Number(x?.data[row * size])));
  }
  return result;
}

describe('openSamples', () => {
  it('reads batches from the start at every call, the last one short', async () => {
    const samples = await open(await file('a.npy', ramp(5)));
    expect(samples.length).toBe(5);
    expect(samples.description).toBe('a.npy [5,2] float32');
    expect(await firsts(samples.batches(2))).toEqual([[0, 2], [4, 6], [8]]);
    expect(await firsts(samples.batches(8))).toEqual([[0, 2, 4, 6, 8]]);
    expect(await samples.sampleIndices()).toEqual([0, 1, 2, 3, 4]);
  });

  it('limits and shuffles by seed, and says which sample each row is', async () => {
    const path = await file('b.npy', ramp(50));
    const samples = await open(path, { limit: 10, shuffle: true, seed: 3 });
    const again = await open(path, { limit: 10, shuffle: true, seed: 3 });
    const other = await open(path, { limit: 10, shuffle: true, seed: 4 });
    const rows = await firsts(samples.batches(4));
    expect(rows.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(await firsts(again.batches(4))).toEqual(rows);
    expect(await firsts(other.batches(4))).not.toEqual(rows);
    const indices: number[] = [];
    for await (const batch of samples.indexedBatches(4)) indices.push(...batch.indices);
    expect(rows.flat()).toEqual(indices.map((index) => index * 2));
    expect(await samples.sampleIndices()).toEqual(indices);
    expect([samples.total, samples.length]).toEqual([50, 10]);
    expect(samples.description).toBe('b.npy [50,2] float32, 10 of 50 used, shuffled with seed 3');
  });

  it('feeds a fixed batch of 1 one by one and drops what does not fill a larger one, with a note', async () => {
    const path = await file('c.npy', ramp(5));
    const one = await open(path, { inputs: [{ ...vector, dims: [1, 2] }] });
    expect(await firsts(one.batches(64))).toEqual([[0], [2], [4], [6], [8]]);
    const two = await open(path, { inputs: [{ ...vector, dims: [2, 2] }] });
    expect(two.length).toBe(4);
    expect(await firsts(two.batches(64))).toEqual([
      [0, 2],
      [4, 6],
    ]);
    expect(two.notes()).toEqual(["samples left out because they do not fill the model's fixed batch of 2: 1"]);
    const many = await open(path, { inputs: [{ ...vector, dims: [8, 2] }] });
    await expect(firsts(many.batches(1))).rejects.toThrow(/fixed batch of 8, received 5 samples/);
  });

  it('joins a path per input and refuses different numbers of samples', async () => {
    const ids = { name: 'ids', type: 'int64', dims: ['N'] };
    const inputs = [vector, ids];
    const x = await file('d.npy', ramp(3));
    const y = await file('ids.npy', encodeNpy({ type: 'int32', dims: [3], data: Int32Array.of(7, 8, 9) }));
    const samples = await open([`x=${x}`, `ids=${y}`], { inputs });
    const batches: Feeds[] = [];
    for await (const feeds of samples.batches(2)) batches.push(feeds);
    expect(batches[0]?.ids).toEqual({ type: 'int64', dims: [2], data: BigInt64Array.of(7n, 8n) });
    const short = await file('short.npy', ramp(2));
    await expect(open([`x=${short}`, `ids=${y}`], { inputs })).rejects.toThrow(/2 for x; 3 for ids/);
    await expect(open([`x=${x}`], { inputs })).rejects.toThrow(/none for ids.*--data ids=<file>/);
    await expect(open([x, y], { inputs })).rejects.toThrow(/name=path for every input/);
    await expect(open(x, { inputs })).rejects.toThrow(/data for the 2 inputs x, ids/);
    await expect(open([`x=${x}`, `x=${x}`], { inputs })).rejects.toThrow(/'x' twice/);
  });

  it('takes every input from one npz, and notes arrays it does not use', async () => {
    const path = await file('e.npz', zipSync({ 'x.npy': ramp(4), 'labels.npy': ramp(1) }));
    const samples = await open(path);
    expect(samples.length).toBe(4);
    expect(samples.notes()[0]).toMatch(/left out .* no inputs of the model: labels/);
    const only = await file('only.npz', zipSync({ 'arr_0.npy': ramp(4) }));
    expect((await open(only)).length).toBe(4);
    const other = await file('other.npz', zipSync({ 'a.npy': ramp(1), 'b.npy': ramp(1) }));
    await expect(open(other)).rejects.toThrow(/an array 'x' .* received arrays a, b/);
  });

  it('preprocesses raw and .npy images of 8 bits', async () => {
    const inputs = [{ name: 'x', type: 'float32', dims: ['N', 3, 32, 32] }];
    const pixels = Uint8Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => i % 256);
    const preprocess = preprocessPresets.cifar;
    const raw = await open(await file('f.u8', pixels), { inputs, preprocess, shape: parseShape('32x32x3') });
    const npy = encodeNpy({ type: 'uint8', dims: [2, 32, 32, 3], data: pixels });
    const array = await open(await file('f.npy', npy), { inputs, preprocess });
    const read = async (samples: typeof raw): Promise<unknown> =>
      (await samples.batches(2)[Symbol.asyncIterator]().next()).value;
    const feeds = (await read(raw)) as Feeds;
    expect(feeds.x?.dims).toEqual([2, 3, 32, 32]);
    expect(feeds.x?.data[1]).toBe(Math.fround(((pixels[3]! * 1) / 255 - 0.485) / 0.229));
    expect(await read(array)).toEqual(feeds);
    expect(raw.description).toBe('f.u8 [2,32,32,3] uint8, cifar (values -2.118…2.64)');
    await expect(open(join(folder, 'f.npy'), { inputs })).rejects.toThrow(/look like NHWC.*--preprocess/);
    await expect(open(join(folder, 'f.u8'), { inputs })).rejects.toThrow(/--shape 32x32x3 for interleaved images/);
  });

  it('skips unreadable images, keeps the places of the others, and fails when none is left', async () => {
    const images = join(folder, 'images');
    await mkdir(images);
    for (const [index, name] of ['a.png', 'c.png', 'd.png'].entries()) {
      const background = { r: index, g: 0, b: 0 };
      await sharp({ create: { width: 2, height: 2, channels: 3, background } })
        .png()
        .toFile(join(images, name));
    }
    await writeFile(join(images, 'b.png'), 'broken');
    const options = { inputs: [{ ...vector, dims: ['N', 3, 2, 2] }], preprocess: preprocessPresets.none };
    const samples = await open(images, options);
    expect(samples.names).toEqual(['a.png', 'b.png', 'c.png', 'd.png']);
    expect(await firsts(samples.batches(2))).toEqual([[0, 1], [2]]);
    expect(await samples.sampleIndices()).toEqual([0, 2, 3]);
    expect(samples.skipped()).toMatchObject([
      { name: 'b.png', index: 1, reason: expect.stringMatching(/unsupported/) },
    ]);
    await expect(open(images, { inputs: options.inputs })).rejects.toThrow(/Give --preprocess imagenet\|cifar/);
    await expect(open(images, { ...options, inputs: [vector] })).rejects.toThrow(/\[3,2,2\]/);

    const broken = join(folder, 'broken');
    await mkdir(broken);
    await writeFile(join(broken, 'a.png'), 'broken');
    const none = await open(broken, options);
    await expect(firsts(none.batches(1))).rejects.toThrow(
      /at least one readable sample, received 1 unreadable: a\.png/,
    );
  });

  it('yields samples of different shapes separately', async () => {
    const ids = { name: 'x', type: 'int64', dims: ['N', 'T'] };
    const samples = await open(await file('g.jsonl', '[1,2]\n[3,4]\n[5]\n[6]'), { inputs: [ids] });
    expect(await firsts(samples.batches(8))).toEqual([
      [1, 3],
      [5, 6],
    ]);
  });

  it('reads modules, up to the limit', async () => {
    const path = await file('h.mjs', 'export default function* () { for (let i = 0; ; i++) yield [i, i]; }');
    const samples = await open(path, { limit: 3 });
    expect(await firsts(samples.batches(2))).toEqual([[0, 1], [2]]);
    await expect(open(path, { shuffle: true })).rejects.toThrow(/Shuffle inside the module/);
    const none = await open(await file('i.mjs', 'export default []'));
    await expect(firsts(none.batches(2))).rejects.toThrow(/at least one readable sample, received none/);
  });

  it('hashes content, not paths, order of reading or limits', async () => {
    const a = await open(await file('j.npy', ramp(5)));
    const b = await open(await file('k.npy', ramp(5)), { limit: 2, shuffle: true });
    const c = await open(await file('l.npy', ramp(6)));
    expect(await a.hash()).toMatch(/^[0-9a-f]{64}$/);
    expect(await b.hash()).toBe(await a.hash());
    expect(await c.hash()).not.toBe(await a.hash());
  });

  it('reads from a .npy far larger than memory without holding it', async () => {
    const path = join(folder, 'huge.npy');
    const rows = 2 ** 20;
    const width = 4096;
    const header = Buffer.from(encodeNpy({ type: 'float32', dims: [0, width], data: new Float32Array() }));
    header.write(`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`.padEnd(117), 10, 'latin1');
    await writeFile(path, header);
    const size = header.length + rows * width * 4;
    await truncate(path, size);
    const last = await openFile(path, 'r+');
    await last.write(Float32Array.of(5), 0, 4, size - width * 4);
    await last.close();
    const samples = await open(path, { inputs: [{ ...vector, dims: ['N', width] }], shuffle: true, limit: 3 });
    expect(samples.total).toBe(rows);
    expect((await firsts(samples.batches(2))).map((batch) => batch.length)).toEqual([2, 1]);
    const array = await openNpy(await fileSource(path));
    expect((await array.readRows([rows - 1]))[0]?.[0]).toBe(5);
    await rm(path);
  });

  it('does not read on when the reader stops early', async () => {
    const samples = await open(await file('m.npy', ramp(100)));
    for await (const _ of samples.batches(1)) break;
    expect((await firsts(samples.batches(100)))[0]?.length).toBe(100);
  });

  const bad: [string, string | Uint8Array | undefined, Partial<OpenSamplesOptions>, RegExp][] = [
    ['missing.npy', undefined, {}, /missing\.npy, which cannot be opened/],
    ['empty.npy', '', {}, /which is empty/],
    ['photo.npy', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), {}, /a file starting with ff d8/],
    ['what.bin', 'x', {}, /a folder of images, an image, \.npy, \.npz/],
    ['zero.npy', encodeNpy({ type: 'float32', dims: [0, 2], data: new Float32Array() }), {}, /at least one sample/],
    [
      'wide.npy',
      encodeNpy({ type: 'float32', dims: [4, 3], data: new Float32Array(12) }),
      {},
      /\[N,2\] for input 'x'.*\[4,3\]/,
    ],
    ['ints.npy', ramp(2), { inputs: [{ ...vector, type: 'int64' }] }, /int64.*float32/],
    ['pre.npy', ramp(2), { preprocess: preprocessPresets.cifar }, /uint8 image arrays for --preprocess cifar/],
    ['part.f32', new Uint8Array(12), { shape: [2] }, /a multiple of 8 bytes.*received 12 bytes/],
    ['shape.f32', new Uint8Array(8), {}, /--shape 2\./],
    ['limit.npy', ramp(2), { limit: 0 }, /a limit of at least 1/],
    [
      'type.npy',
      ramp(2),
      { inputs: [{ ...vector, type: 'string' }] },
      /numeric element type for input 'x', received string/,
    ],
  ];
  it.each(bad)('refuses %s', async (name, content, options, message) => {
    const path = content === undefined ? join(folder, name) : await file(name, content);
    await expect(open(path, options)).rejects.toThrow(message);
    await expect(open(path, options)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_I/) });
  });

  it('says which inputs there are when a name is wrong', async () => {
    await expect(open('y=a.npy')).rejects.toThrow(/no input 'y'; its inputs are x/);
  });
});
