import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage, resizeImage } from './decode-image';
import { imageSource, listImages } from './images';
import { isUnreadable } from './indexed-source';
import { definePreprocess, preprocessPresets } from './preprocess';

const none = preprocessPresets.none!;
const input = { name: 'x', type: 'float32', dims: ['N', 3, undefined, undefined] };
let folder = '';

const flat = (height: number, width: number, colour: { r: number; g: number; b: number }) =>
  sharp({ create: { width, height, channels: 3, background: colour } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitwright-images-'));
  await mkdir(join(folder, 'b'));
  await flat(4, 6, { r: 10, g: 20, b: 30 })
    .png()
    .toFile(join(folder, 'b', 'one.png'));
  await flat(4, 6, { r: 40, g: 50, b: 60 }).png().toFile(join(folder, 'a10.png'));
  await flat(4, 6, { r: 70, g: 80, b: 90 }).png().toFile(join(folder, 'Z.PNG'));
  await writeFile(join(folder, 'labels.tsv'), 'not an image');
  await writeFile(join(folder, '.hidden.png'), 'not listed');
  await symlink(folder, join(folder, 'b', 'loop'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('listImages', () => {
  it('lists images of all subfolders once, sorted by code unit, without hidden files', async () => {
    const list = await listImages(folder);
    expect(list.names).toEqual(['Z.PNG', 'a10.png', 'b/one.png']);
    expect(list.otherFiles).toBe(1);
  });

  it('refuses a folder without images', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'bitwright-empty-'));
    await expect(listImages(empty)).rejects.toThrow(/an empty folder/);
    await writeFile(join(empty, 'a.txt'), 'x');
    await expect(listImages(empty)).rejects.toThrow(/1 other files, e\.g\. a\.txt/);
    await rm(empty, { recursive: true });
  });
});

describe('decodeImage', () => {
  it('decodes gray, 16-bit, palette and transparent images to 8-bit rgb', async () => {
    const path = join(folder, 'b', 'any.tmp');
    const gray = flat(2, 2, { r: 100, g: 100, b: 100 }).greyscale();
    await gray.clone().toColourspace('b-w').png().toFile(path);
    expect((await decodeImage(path, undefined)).data.subarray(0, 3)).toEqual(Buffer.from([100, 100, 100]));
    await flat(2, 2, { r: 100, g: 50, b: 25 }).toColourspace('rgb16').png().toFile(path);
    expect((await decodeImage(path, undefined)).data.subarray(0, 3)).toEqual(Buffer.from([100, 50, 25]));
    await flat(2, 2, { r: 100, g: 50, b: 25 }).ensureAlpha(0.5).png({ palette: true }).toFile(path);
    const image = await decodeImage(path, undefined);
    expect([image.channels, image.data.length]).toEqual([3, 12]);
    await rm(path);
  });

  it('resizes the shorter side, or to an exact size', async () => {
    const path = join(folder, 'a10.png');
    expect(await decodeImage(path, { shorterSide: 2, kernel: 'linear' })).toMatchObject({ height: 2, width: 3 });
    const exact = { height: 5, width: 5, fit: 'fill', kernel: 'linear' } as const;
    const image = await decodeImage(path, exact);
    expect([image.height, image.width, image.data[0]]).toEqual([5, 5, 40]);
  });

  it('resizes pixels in memory, or hands them through', async () => {
    const image = { data: new Uint8Array(4 * 6 * 3).fill(9), height: 4, width: 6, channels: 3 };
    expect(await resizeImage(image, { height: 4, width: 6, fit: 'fill', kernel: 'linear' })).toBe(image);
    const smaller = await resizeImage(image, { height: 2, width: 2, fit: 'fill', kernel: 'linear' });
    expect([...smaller.data]).toEqual(new Array(12).fill(9));
  });
});

describe('imageSource', () => {
  it('gives preprocessed rows in any order', async () => {
    const source = await imageSource(folder, input, definePreprocess({ ...none, mean: [10], std: [2] }));
    expect(source.length).toBe(3);
    expect(source.notes).toEqual([`files left out because they are not images: 1 in ${folder}`]);
    const [last, first] = await source.read([2, 0]);
    if (last === undefined || first === undefined || isUnreadable(last) || isUnreadable(first)) throw new Error('read');
    expect(last.get('x')?.dims).toEqual([3, 4, 6]);
    expect([0, 24, 48].map((at) => last.get('x')?.data[at])).toEqual([0, 5, 10]);
    expect(first.get('x')?.data[0]).toBe(30);
  });

  it('answers damaged and too small images as unreadable, with the reason', async () => {
    const damaged = await mkdtemp(join(tmpdir(), 'bitwright-damaged-'));
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919) % 251);
    const jpeg = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
    await writeFile(join(damaged, '1.jpg'), jpeg);
    await writeFile(join(damaged, '2.jpg'), jpeg.subarray(0, jpeg.length / 2));
    await writeFile(join(damaged, '3.jpg'), 'no jpeg');
    await writeFile(join(damaged, '4.jpg'), '');
    await flat(8, 8, { r: 1, g: 1, b: 1 }).png().toFile(join(damaged, '5.png'));
    const source = await imageSource(damaged, input, definePreprocess({ ...none, crop: [16, 16] }));
    const results = await source.read([0, 1, 2, 3, 4]);
    expect(results.map((result) => isUnreadable(result))).toEqual([false, true, true, true, true]);
    const reasons = results.filter(isUnreadable).map((result) => result.unreadable);
    expect(reasons.map((reason) => reason.name)).toEqual(['2.jpg', '3.jpg', '4.jpg', '5.png']);
    expect(reasons[3]?.reason).toMatch(/at least 16x16 pixels/);
    await rm(damaged, { recursive: true });
  });

  it('refuses a size the model does not take before decoding anything', async () => {
    const fixed = { name: 'x', type: 'float32', dims: ['N', 3, 299, 299] };
    await expect(imageSource(folder, fixed, preprocessPresets.imagenet!)).rejects.toThrow(
      /\[N,3,299,299\] for input 'x'.*\[3,224,224\].*after imagenet preprocessing.*--crop 299x299/,
    );
  });

  it('feeds uint8 models unchanged pixels and refuses scaled ones', async () => {
    const bytes = { name: 'x', type: 'uint8', dims: ['N', 3, 4, 6] };
    const source = await imageSource(folder, bytes, none);
    const [row] = await source.read([0]);
    if (row === undefined || isUnreadable(row)) throw new Error('read');
    expect(row.get('x')?.type).toBe('uint8');
    const scaled = definePreprocess({ ...none, scale: 1 / 255 });
    await expect(imageSource(folder, bytes, scaled)).rejects.toThrow(/uint8.*float32/);
  });
});
