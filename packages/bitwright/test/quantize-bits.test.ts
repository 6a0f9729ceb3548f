import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asSampleSource, loadRuntime, predictClasses } from '@bitwright/ptq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeNpy } from '../src/data/npy';
import { createWorkplace, type Workplace } from './command-line';
import { imageData, imagesNpy, labelsNpy } from './fixture-data';
import { tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(40));
  place.write('labels.npy', labelsNpy(40));
});

afterEach(() => place.remove());

const command = ['quantize', 'tiny.onnx', '--data', 'calib.npy'];
const labelled = [...command, '--labels', 'labels.npy'];

describe('few bits', () => {
  it('reconstructs blocks and says what that gained', async () => {
    const { code, stdout } = await place.run([
      ...command,
      '--bits',
      'w3a4',
      '--rounding',
      'brecq',
      '--iterations',
      '4',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/gptq rounding of \d of \d layers/);
    expect(stdout).toMatch(/block reconstruction of \d of \d blocks/);
  });

  it('refuses options that would change nothing', async () => {
    const lonely = await place.run([...command, '--bits', 'w3a4', '--rounding', 'gptq', '--iterations', '4']);
    expect({ code: lonely.code, stderr: lonely.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/--iterations.*--rounding brecq/s),
    });
    const skips = await place.run([...command, '--narrow-skips']);
    expect({ code: skips.code, stderr: skips.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/--narrow-skips.*--bits/s),
    });
  });
});

describe('bits under a budget', () => {
  it('keeps weights below a size and prints who got what', async () => {
    const { code, stdout } = await place.run([...command, '--max-size', '95%', '--candidates', 'w8a8,w4a8']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/bits by kl, size \d+\.\d % of 8 bits: .*w4a8/);
  });

  it('takes bits by hand', async () => {
    const { stdout } = await place.run([...command, '--layer-bits', '*=w3a8', '--json']);
    const { files } = JSON.parse(stdout);
    const spec = JSON.parse(readFileSync(join(place.folder, files.spec), 'utf8'));
    const weights = Object.values<{ role: string; scheme: { qmax?: number } }>(spec.tensors).filter(
      ({ role }) => role === 'weight',
    );
    expect(weights.length).toBeGreaterThan(0);
    for (const { scheme } of weights) expect(scheme.qmax).toBe(3);
  });

  it.each([
    [['--max-size', '1%'], 2, /at least \d+ \(.*cheapest/],
    [['--max-size', 'small'], 2, /--max-size: expected a share such as 60%/],
    [['--max-size', '50%', '--max-bops', '50%'], 2, /one of --max-size/],
    [['--minimize', 'size'], 2, /--max-drop beside it/],
    [['--minimize', 'size', '--max-drop', '1%'], 2, /labelled samples/],
    [['--max-size', '50%', '--candidates', 'w1a8'], 2, /w8a8 or w4a4/],
    [['--layer-bits', 'nothing=w4a8'], 2, /matches a quantized layer/],
    [['--layer-bits', 'w4a8'], 2, /layer4\/\*=w4a8/],
    [['--budget', '10m'], 2, /--max-drop, which says/],
    [['--candidates', 'w8a8'], 2, /--candidates: expected --max-size/],
    [['--sensitivity', 'kl'], 2, /--sensitivity: expected --max-size/],
    [['--io', 'float32'], 2, /--io: expected --to/],
    [['--format-version', '1.0.0'], 2, /--format-version: expected --to/],
  ] as const)('refuses %j', async (more, expected, message) => {
    const { code, stderr } = await place.run([...command, ...more]);
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringMatching(message) });
    expect(place.files()).toEqual(['calib.npy', 'labels.npy', 'tiny.onnx']);
  });
});

describe('the accuracy ladder', () => {
  beforeEach(async () => {
    // Labels are what the float model says: float is always right, and two bits are not.
    const samples = asSampleSource([{ image: { type: 'float32', data: imageData(40), dims: [40, 3, 8, 8] } }]);
    const classes = await predictClasses(tinyClassifierBytes, {
      runtime: await loadRuntime(),
      source: samples,
      labels: new Int32Array(40),
      batchSize: 40,
    });
    place.write(
      'labels.npy',
      encodeNpy({ type: 'int64', dims: [40], data: BigInt64Array.from(classes, (c) => BigInt(c)) }),
    );
  });

  const climb = [...labelled, '--bits', 'w2a4', '--max-drop', '0%'];

  it('prints the gain of each technique and leaves the best file and the state of the climb', async () => {
    const { code, stdout } = await place.run(climb);
    expect(code).toBe(0);
    expect(stdout).toMatch(/tried one after another\s+top-1\s+gain/);
    expect(stdout).toMatch(/as asked for\s+\d+\.\d\d %.*kept/);
    expect(place.files()).toContain('tiny.int8.ladder.json');
    const state = JSON.parse(readFileSync(join(place.folder, 'tiny.int8.ladder.json'), 'utf8'));
    const report = JSON.parse(readFileSync(join(place.folder, 'tiny.int8.report.json'), 'utf8'));
    expect(report.ladder.rungs).toEqual(state.rungs);
  });

  it('goes on with --resume, and refuses that for other options', async () => {
    await place.run(climb);
    const before = readFileSync(join(place.folder, 'tiny.int8.onnx'));
    const again = await place.run([...climb, '--resume']);
    expect(again.code).toBe(0);
    expect(readFileSync(join(place.folder, 'tiny.int8.onnx'))).toEqual(before);
    const other = await place.run([...labelled, '--bits', 'w3a8', '--max-drop', '0%', '--resume']);
    expect({ code: other.code, stderr: other.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/state of a climb with this model/),
    });
    expect(readFileSync(join(place.folder, 'tiny.int8.onnx'))).toEqual(before);
  });

  it('keeps the best so far when it is cancelled, and says where', async () => {
    const controller = new AbortController();
    // The state is written after each technique: the first one is done when it appears.
    const watched = setInterval(() => {
      if (place.files().includes('tiny.int8.ladder.json')) controller.abort('SIGINT');
    }, 1);
    const { code, stderr } = await place.run(climb, { signal: controller.signal });
    clearInterval(watched);
    expect(code).toBe(130);
    expect(stderr).toMatch(/cancelled; the best so far is in .*tiny\.int8\.onnx; --resume goes on/);
    expect(place.files()).toContain('tiny.int8.onnx');
    expect((await place.run([...climb, '--resume'])).code).toBe(0);
  });

  it('needs labels, something to resume, and time for one quantization', async () => {
    const unlabelled = await place.run([...command, '--max-drop', '1%']);
    expect(unlabelled).toMatchObject({ code: 1, stderr: expect.stringMatching(/labelled samples/) });
    const nothing = await place.run([...labelled, '--max-drop', '1%', '--resume']);
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringMatching(/no file/) });
    const short = await place.run([...labelled, '--max-drop', '1%', '--budget', '0.001s']);
    expect(short).toMatchObject({ code: 2, stderr: expect.stringMatching(/budget for one quantization/) });
    expect(place.files()).not.toContain('tiny.int8.onnx');
  });
});
