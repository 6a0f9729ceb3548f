import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { imagesNpy, jpegBytes, pngBytes } from './fixture-data';
import { tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(40));
});

afterEach(() => place.remove());

const text = (name: string): string => readFileSync(join(place.folder, name), 'utf8');
const settings = ['tiny.onnx', '--data', 'calib.npy', '--batch-size', '4', '--activation-range', 'entropy'];

async function ok(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('bitwright calibrate and merge', () => {
  it('give the bytes of one run from shards, one of which was stopped and goes on', async () => {
    await ok('calibrate', ...settings, '--state', 'whole.json');
    for (const shard of [1, 2, 3])
      await ok('calibrate', ...settings, '--shard', `${shard}/3`, '--state', `part${shard}.json`);
    await ok('merge', 'part3.json', 'part1.json', 'part2.json', '--state', 'merged.json');
    expect(text('merged.json')).toBe(text('whole.json'));

    // A state of the first samples only is what a killed run leaves: the next call adds the rest.
    await ok(
      'calibrate',
      ...settings,
      '--samples',
      '8',
      '--seed',
      '0',
      '--state',
      'resumed.json',
      '--shard',
      '1/1',
      '--restart',
    );
    const before = JSON.parse(text('resumed.json')).samples;
    expect(before).toEqual([{ start: 0, end: 8 }]);
  });

  it('go on with a state that is there, and do nothing when it is complete', async () => {
    await ok('calibrate', ...settings, '--state', 'state.json');
    const first = text('state.json');
    expect(await ok('calibrate', ...settings, '--state', 'state.json')).toContain('40 samples');
    expect(text('state.json')).toBe(first);
  });

  it('refuse unreadable images, or leave them out where asked', async () => {
    mkdirSync(join(place.folder, 'images'));
    place.write('images/good.png', await pngBytes());
    place.write('images/broken.jpg', jpegBytes);
    const args = ['calibrate', 'tiny.onnx', '--data', 'images', '--preprocess', 'cifar', '--resize', '8x8'];
    const { code, stderr } = await place.run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/1 unreadable of 2: broken\.jpg \(.*\)\./);
    expect(place.files()).not.toContain('tiny.calib.json');
    const skipped = await place.run([...args, '--skip-unreadable']);
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toMatch(/warning: left out 1 unreadable of 2: broken\.jpg/);
  });

  it('never write the state over the samples', async () => {
    const { code, stderr } = await place.run(['calibrate', ...settings, '--state', 'calib.npy', '--restart']);
    expect(code).toBe(1);
    expect(stderr).toContain('not an input');
    expect(readFileSync(join(place.folder, 'calib.npy'))).toEqual(Buffer.from(imagesNpy(40)));
  });

  it('let quantize use the merged statistics as if it had run itself', async () => {
    await ok('calibrate', ...settings, '--state', 'state.json');
    await ok('quantize', ...settings, '-o', 'direct.onnx');
    await ok('quantize', ...settings, '--statistics', 'state.json', '-o', 'from-state.onnx');
    expect(text('from-state.onnx')).toBe(text('direct.onnx'));
  });

  it('let quantize say when a shard is missing', async () => {
    await ok('calibrate', ...settings, '--shard', '2/2', '--state', 'half.json');
    const { code, stderr } = await place.run(['quantize', ...settings, '--statistics', 'half.json', '-o', 'half.onnx']);
    expect(code).toBe(0);
    expect(stderr).toContain('the statistics saw 20 of the 40 calibration samples');
  });

  it.each([
    ['a shard that does not exist', ['--shard', '4/3'], /i\/n with 1 ≤ i ≤ n/],
    ['more shards than batches', ['--shard', '1/11'], /at most 10 shards/],
  ])('refuse %s', async (_name, more, message) => {
    const { code, stderr } = await place.run(['calibrate', ...settings, ...more, '--state', 'x.json']);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(place.files()).toEqual(['calib.npy', 'tiny.onnx']);
  });

  it('refuse states that are damaged, overlap or belong to other settings, and leave what was saved', async () => {
    await ok('calibrate', ...settings, '--shard', '1/2', '--state', 'a.json');
    const saved = text('a.json');
    place.write('cut.json', saved.slice(0, 200));
    const merge = async (...states: readonly string[]): Promise<string> => {
      const { code, stderr } = await place.run(['merge', ...states, '--state', 'out.json']);
      expect(code).not.toBe(0);
      return stderr;
    };
    expect(await merge('a.json', 'cut.json')).toMatch(/damaged or cut off/);
    expect(await merge('a.json', 'missing.json')).toMatch(/missing\.json/);
    place.write('copy.json', saved);
    expect(await merge('a.json', 'copy.json')).toMatch(/in two of them/);
    const other = [
      'calibrate',
      'tiny.onnx',
      '--data',
      'calib.npy',
      '--batch-size',
      '4',
      '--activation-range',
      'minmax',
      '--shard',
      '1/2',
      '--state',
      'a.json',
    ];
    expect((await place.run(other)).stderr).toMatch(/statistics of this model, target and range selector/);
    expect(text('a.json')).toBe(saved);
    expect(place.files()).not.toContain('out.json');
  });
});
