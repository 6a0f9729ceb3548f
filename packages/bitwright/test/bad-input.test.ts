import { chmodSync, linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { encodeModel } from '@bitwright/onnx';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeNpy } from '../src/data/npy';
import { createWorkplace, type Outcome, type Workplace } from './command-line';
import { imageData, imagesNpy, jpegBytes, labelsNpy } from './fixture-data';
import { customOperatorModel, quantizedModel, tinyClassifierBytes } from './fixture-model';

let place: Workplace;
let before: string[];

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(40));
});

afterEach(() => place.remove());

/** Runs a command that must fail and leave the folder as it was. */
async function fails(args: readonly string[]): Promise<Outcome> {
  before = place.files();
  const outcome = await place.run(args);
  expect(place.files()).toEqual(before);
  expect(outcome.stdout).toBe('');
  expect(outcome.stderr).not.toContain('inside bitwright');
  expect(outcome.stderr.split('\n').filter((line) => line.startsWith('error:'))).toHaveLength(1);
  return outcome;
}

/** The usual command line with one thing wrong in it. */
function quantize(model: string, ...more: readonly string[]): Promise<Outcome> {
  return fails(['quantize', model, '--data', 'calib.npy', ...more]);
}

describe('a model that is none', () => {
  it('says that the file does not exist', async () => {
    const { code, stderr } = await quantize('missing.onnx');
    expect(code).toBe(1);
    expect(stderr).toBe('error: open model: expected a model file, received missing.onnx, which does not exist.\n');
  });

  it('says that it is a folder', async () => {
    mkdirSync(join(place.folder, 'folder.onnx'));
    const { code, stderr } = await quantize('folder.onnx');
    expect(code).toBe(1);
    expect(stderr).toContain('folder.onnx, which is a folder');
  });

  it('says that it is empty', async () => {
    place.write('empty.onnx', '');
    const { code, stderr } = await quantize('empty.onnx');
    expect(code).toBe(1);
    expect(stderr).toMatch(/empty\.onnx" to be a serialized ONNX model, received an empty file/);
  });

  it('says that it is cut off, wherever the cut is', async () => {
    for (const share of [0.1, 0.5, 0.9, 0.999]) {
      place.write('cut.onnx', tinyClassifierBytes.subarray(0, Math.floor(tinyClassifierBytes.length * share)));
      const { code, stderr } = await quantize('cut.onnx');
      expect(code).toBe(1);
      expect(stderr).toContain('cut.onnx');
    }
  });

  it('recognizes a JPEG', async () => {
    place.write('photo.onnx', jpegBytes);
    const { code, stderr } = await quantize('photo.onnx');
    expect(code).toBe(1);
    expect(stderr).toMatch(/photo\.onnx" to be a serialized ONNX model, received .*JPEG/);
  });
});

describe('a model that cannot be quantized', () => {
  it('names the node that is quantized already', async () => {
    place.write('int8.onnx', encodeModel(quantizedModel()));
    const { code, stderr } = await quantize('int8.onnx');
    expect(code).toBe(1);
    expect(stderr).toMatch(/expected a float model, received .*quantized already \(QuantizeLinear node "q"\)/);
    expect(stderr).toContain('fix: Start from the float model');
  });

  it('names operators of an unknown domain', async () => {
    place.write('custom.onnx', encodeModel(customOperatorModel()));
    const { code, stderr } = await quantize('custom.onnx');
    expect(code).toBe(1);
    expect(stderr).toContain('com.acme:Sharpen (sharpen1)');
  });
});

describe('data that do not fit', () => {
  it('refuses a missing file', async () => {
    const { code, stderr } = await fails(['quantize', 'tiny.onnx', '--data', 'nothing.npy']);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing.npy');
  });

  it('names the inputs when the data name another', async () => {
    const { code, stderr } = await fails(['quantize', 'tiny.onnx', '--data', 'picture=calib.npy']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no input 'picture'; its inputs are image/);
  });

  it('prints both shapes when they differ', async () => {
    place.write('wide.npy', encodeNpy({ type: 'float32', dims: [4, 3, 9, 9], data: new Float32Array(972) }));
    const { code, stderr } = await fails(['quantize', 'tiny.onnx', '--data', 'wide.npy']);
    expect(code).toBe(1);
    expect(stderr).toContain('[N,3,8,8]');
    expect(stderr).toContain('[4,3,9,9]');
  });

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
  ])('finds %s, wherever it is', async (_name, value) => {
    for (const sample of [0, 70]) {
      const data = imageData(80);
      data[sample * 192 + 5] = value;
      place.write('bad.npy', imagesNpy(80, data));
      const { code, stderr } = await fails(['quantize', 'tiny.onnx', '--data', 'bad.npy']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/finite values for input ['"]image['"]/);
      expect(stderr).toContain(`sample ${sample}`);
    }
  });

  it('refuses zero samples', async () => {
    place.write('none.npy', imagesNpy(0));
    const { code, stderr } = await fails(['quantize', 'tiny.onnx', '--data', 'none.npy']);
    expect(code).toBe(1);
    expect(stderr).toContain('at least one sample');
  });

  it('counts labels against samples before any work', async () => {
    place.write('labels.npy', labelsNpy(39));
    const { code, stderr } = await quantize('tiny.onnx', '--labels', 'labels.npy');
    expect(code).toBe(1);
    expect(stderr).toMatch(/expected 40 labels, one per sample, received 39/);
  });

  it('names and counts unreadable images among good ones', async () => {
    const folder = join(place.folder, 'images');
    mkdirSync(folder);
    for (let i = 0; i < 6; i++) {
      await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 40 * i, g: 90, b: 10 } } })
        .png()
        .toFile(join(folder, `${i}.png`));
    }
    place.write('images/broken.jpg', jpegBytes);
    place.write('images/empty.png', '');
    const args = ['quantize', 'tiny.onnx', '--data', 'images', '--preprocess', 'cifar', '--resize', '8x8'];
    const { code, stderr } = await fails(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/2 unreadable of 8: broken\.jpg \(.*\); empty\.png \(.*\)\./);
    expect(stderr).toContain('--skip-unreadable');

    const skipped = await place.run([...args, '--skip-unreadable']);
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toMatch(/warning: left out 2 unreadable of 8: broken\.jpg/);
  });

  it('refuses to work without data', async () => {
    const { code, stderr } = await fails(['quantize', 'tiny.onnx']);
    expect(code).toBe(2);
    expect(stderr).toContain('expected calibration data, received none');
    expect(stderr).toContain('--allow-random');
  });
});

describe('outputs that cannot be', () => {
  it('refuses a folder that does not exist', async () => {
    const { code, stderr } = await quantize('tiny.onnx', '-o', 'nowhere/out.onnx');
    expect(code).toBe(1);
    expect(stderr).toMatch(/nowhere, which does not exist/);
    expect(stderr).toContain('mkdir -p');
  });

  it('refuses a path below a file', async () => {
    const { code, stderr } = await quantize('tiny.onnx', '-o', 'calib.npy/out.onnx');
    expect(code).toBe(1);
    expect(stderr).toMatch(/calib\.npy, which is not a folder/);
  });

  it('refuses a folder without permission', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write anywhere');
    mkdirSync(join(place.folder, 'locked'));
    chmodSync(join(place.folder, 'locked'), 0o555);
    const { code, stderr } = await quantize('tiny.onnx', '-o', 'locked/out.onnx');
    expect(code).toBe(1);
    expect(stderr).toContain('to create files in');
  });

  it('refuses the input as output: by name, through links, and for every file that is read', async () => {
    symlinkSync('tiny.onnx', join(place.folder, 'soft.onnx'));
    linkSync(join(place.folder, 'tiny.onnx'), join(place.folder, 'hard.onnx'));
    symlinkSync('.', join(place.folder, 'here'));
    for (const output of ['tiny.onnx', './tiny.onnx', 'soft.onnx', 'hard.onnx', 'here/tiny.onnx', 'calib.npy']) {
      const { code, stderr } = await quantize('tiny.onnx', '-o', output, '--force');
      expect(code).toBe(1);
      expect(stderr).toContain('an output that is not an input');
    }
  });

  it('refuses one name for two outputs', async () => {
    const { code, stderr } = await quantize('tiny.onnx', '--spec', 'x.json', '--report', 'x.json');
    expect(code).toBe(1);
    expect(stderr).toContain('x.json twice');
  });

  it('never replaces a file without --force', async () => {
    place.write('tiny.int8.report.json', 'mine');
    const { code, stderr } = await quantize('tiny.onnx');
    expect(code).toBe(1);
    expect(stderr).toMatch(/tiny\.int8\.report\.json, which exists/);
    expect(stderr).toContain('--force');
  });
});

describe('a wrong command line', () => {
  it.each([
    [['quantize'], /missing required argument 'model'/],
    [['quantize', 'a.onnx', 'b.onnx'], /too many arguments/],
    [['quantise', 'a.onnx'], /unknown command 'quantise'\n\(Did you mean quantize\?\)/],
    [['quantize', 'tiny.onnx', '--dta', 'x'], /unknown option '--dta'\n\(Did you mean --data\?\)/],
    [
      ['quantize', 'tiny.onnx', '--batch-size', '0'],
      /--batch-size: expected a whole number of at least 1, received '0'/,
    ],
    [['quantize', 'tiny.onnx', '--target', 'abacus'], /a target id \(ort-x64, .*received "abacus"/],
    [['quantize', 'tiny.onnx', '--layout', 'chwn'], /Allowed choices are nchw, nhwc/],
    [['quantize', 'tiny.onnx', '--shape', '3xx'], /--shape: expected sizes/],
    [['quantize', 'tiny.onnx', '--data', 'calib.npy', '--exclude', 'op:Sofmax'], /a pattern that matches a node/],
    [['quantize', 'tiny.onnx', '--eval-data', 'calib.npy', '--data', 'calib.npy'], /--eval-data: expected --labels/],
    [
      ['quantize', 'tiny.onnx', '--data', 'calib.npy', '--shape', 'img=1x3x8x8'],
      /an input of the model \(image\), received 'img'/,
    ],
    [['quantize', 'tiny.onnx', '--data', 'calib.npy', '--shape', 'image=1x3x9x8'], /sizes that fit input 'image'/],
  ])('%j', async (args, message) => {
    const { code, stderr } = await fails(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
