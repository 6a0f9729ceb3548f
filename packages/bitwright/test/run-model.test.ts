import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { imageData, imagesNpy, jpegBytes, labelsNpy, pngBytes } from './fixture-data';
import { tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(async () => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('x.npy', imagesNpy(20));
  place.write('y.npy', labelsNpy(20));
  await succeed('quantize', 'tiny.onnx', '--data', 'x.npy', '--no-verify', '--target', 'ort-x64');
  await succeed('export', 'tiny.int8.onnx', '--to', 'packed');
});

afterEach(() => place.remove());

async function succeed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, errors: stderr.split('\n').filter((line) => line.startsWith('error')) }).toEqual({
    code: 0,
    errors: [],
  });
  return stdout;
}

const file = (name: string): Buffer => readFileSync(join(place.folder, name));

/** The numbers of a .npy file of version 1.0. */
function npy(name: string): Float32Array {
  const bytes = file(name);
  const start = 10 + bytes.readUInt16LE(8);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}

describe('bitwright run', () => {
  it('gives the codes of onnxruntime, in batches, and writes them', async () => {
    const document = JSON.parse(
      await succeed('run', 'tiny.bwpk', '-d', 'x.npy', '--batch-size', '7', '-o', 'out.npy', '--json'),
    );
    expect(document).toMatchObject({ samples: 20, output: { file: 'out.npy', shape: [20, 5] } });
    const session = await ort.InferenceSession.create(file('tiny.int8.onnx'), { logSeverityLevel: 3 });
    const result = await session.run({ image: new ort.Tensor('float32', imageData(20), [20, 3, 8, 8]) });
    await session.release();
    const expected = Object.values(result)[0]!.data as Float32Array;
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, v] of npy('out.npy').entries()) expect(Math.abs(v - expected[i]!)).toBeLessThan(0.01 * largest);
  });

  it('measures top-1, with the same bits by native kernels and by the reference', async () => {
    const report = (more: readonly string[]) =>
      succeed('run', 'tiny.bwpk', '--data', 'x.npy', '--labels', 'y.npy', '--json', ...more).then((text) =>
        JSON.parse(text),
      );
    const own = await report(['-o', 'a.npy']);
    const reference = await report(['-o', 'b.npy', '--reference']);
    expect(reference.operators).toBe('reference');
    expect(own.top1).toBe(reference.top1);
    expect(npy('a.npy')).toEqual(npy('b.npy'));
    expect(await succeed('run', 'tiny.bwpk', '--data', 'x.npy', '--labels', 'y.npy')).toMatch(
      /20 samples, [\d.]+ ms each\n {2}top-1/,
    );
  });

  it('refuses what it cannot run, and writes nothing', async () => {
    place.write('short.u8', Uint8Array.of(1, 2));
    const before = place.files();
    const refused = async (message: string, ...args: readonly string[]) => {
      const { code, stderr } = await place.run(args);
      expect(code).toBeGreaterThan(0);
      expect(stderr).toContain(message);
    };
    await refused('--data <path>', 'run', 'tiny.bwpk');
    await refused('gone.bwpk, which does not exist', 'run', 'gone.bwpk', '-d', 'x.npy');
    await refused('which is a folder', 'run', '.', '-d', 'x.npy');
    await refused('input', 'run', 'tiny.bwpk', '-d', 'x.npy', '-o', 'x.npy', '--force');
    await refused('input', 'run', 'tiny.bwpk', '-d', 'x.npy', '-l', 'y.npy', '-o', 'y.npy', '--force');
    await refused('20', 'run', 'tiny.bwpk', '-d', 'x.npy', '--labels', 'short.u8');
    const bytes = file('tiny.bwpk');
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    place.write('bad.bwpk', bytes);
    await refused('run bad.bwpk, data: expected CRC-32', 'run', 'bad.bwpk', '-d', 'x.npy');
    expect(place.files()).toEqual([...before, 'bad.bwpk'].sort());
  });

  it('says of another file what it is not, and which command writes what it takes', async () => {
    const { code, stderr } = await place.run(['run', 'tiny.onnx', '--data', 'x.npy']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: run: expected a packed model (.bwpk), received tiny.onnx, an .onnx file.\n' +
        '  fix: `bitwright export tiny.onnx --to packed` writes one from a quantized model.\n',
    );
    const other = await place.run(['run', 'x.npy', '--data', 'x.npy']);
    expect(other.stderr).toContain('x.npy, another kind of file');
    expect(other.stderr).toContain('`bitwright export <model.onnx> --to packed`');
    expect((await place.run(['inspect', 'tiny.bwpk'])).stderr).toContain('a packed model (`bitwright run` takes it)');
  });

  it('refuses unreadable images, or leaves them out where asked', async () => {
    mkdirSync(join(place.folder, 'images'));
    place.write('images/good.png', await pngBytes());
    place.write('images/broken.jpg', jpegBytes);
    const args = ['run', 'tiny.bwpk', '--data', 'images', '--preprocess', 'cifar', '--resize', '8x8'];
    const { code, stderr } = await place.run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/1 unreadable of 2: broken\.jpg \(.*\)\./);
    expect(stderr).toContain('--skip-unreadable');
    const skipped = await place.run([...args, '--skip-unreadable']);
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toMatch(/warning: left out 1 unreadable of 2: broken\.jpg/);
  });
});
