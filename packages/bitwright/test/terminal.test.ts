import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useColour } from '../src/terminal/colour';
import { formatCount, formatDuration } from '../src/terminal/format-number';
import { formatStep } from '../src/terminal/progress';
import { createWorkplace, type Workplace } from './command-line';
import { imagesNpy, labelsNpy } from './fixture-data';
import { tinyClassifierBytes } from './fixture-model';

const controlCode = '\u001b';
let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(40));
  place.write('labels.npy', labelsNpy(40));
});

afterEach(() => place.remove());

describe('what a person sees', () => {
  it('is a bar on a terminal, gone when the work is done, and a table without colour on stdout', async () => {
    const args = ['quantize', 'tiny.onnx', '--data', 'calib.npy', '--labels', 'labels.npy'];
    const { code, stdout, stderr } = await place.run(args, { isTTY: true });
    expect(code).toBe(0);
    expect(stderr).toContain('calibrate');
    expect(stderr).toContain(`${controlCode}[?25h`);
    expect(stdout).not.toContain(controlCode);
    for (const label of [
      'float',
      'int8',
      'top-1 accuracy',
      'file size',
      'peak activation memory',
      'latency',
      'integer kernels',
    ]) {
      expect(stdout).toContain(label);
    }
    expect(stdout).toMatch(/wrote tiny\.int8\.onnx\n +tiny\.int8\.spec\.json\n +tiny\.int8\.report\.json/);
  });

  it('has neither bar nor colour where stderr is no terminal', async () => {
    const { stdout, stderr } = await place.run(['quantize', 'tiny.onnx', '--data', 'calib.npy']);
    expect(stdout + stderr).not.toContain(controlCode);
    expect(stderr.split('\n').every((line) => line === '' || line.startsWith('warning: '))).toBe(true);
  });

  it('is nothing at all with --quiet, except errors', async () => {
    const fine = await place.run(['quantize', 'tiny.onnx', '--data', 'calib.npy', '--quiet'], { isTTY: true });
    expect(fine).toEqual({ code: 0, stdout: '', stderr: '' });
    const wrong = await place.run(['quantize', 'no.onnx', '--data', 'calib.npy', '--quiet'], { isTTY: true });
    expect(wrong.stderr).toContain('no.onnx');
  });

  it('is one JSON document on stdout with --json, also when it fails', async () => {
    const fine = await place.run(['quantize', 'tiny.onnx', '--data', 'calib.npy', '--json'], { isTTY: true });
    expect(JSON.parse(fine.stdout).files.model).toBe('tiny.int8.onnx');
    const wrong = await place.run(['quantize', 'no.onnx', '--data', 'calib.npy', '--json']);
    expect(JSON.parse(wrong.stdout).error.code).toBe('ERR_INPUT_DATA');
    expect(wrong.stderr).toContain('error:');
  });

  it('shows the stack and the cause of an error with BITWRIGHT_DEBUG=1 only', async () => {
    const dependencies = {
      inspectModel: () => {
        throw new Error('broken part', { cause: new Error('the reason') });
      },
    };
    const plain = await place.run(['inspect', 'tiny.onnx'], { dependencies });
    expect(plain.stderr).toMatch(/something went wrong inside bitwright: broken part\n {2}fix: This is a bug/);
    expect(plain.stderr).not.toContain('    at ');
    const debug = await place.run(['inspect', 'tiny.onnx'], { dependencies, env: { BITWRIGHT_DEBUG: '1' } });
    expect(debug.stderr).toContain('    at ');
    expect(debug.stderr).toContain('caused by: Error: the reason');
    expect(plain.code).toBe(1);
  });
});

describe('useColour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('terminal %s, %j: %s', (isTTY, env, expected) => {
    expect(useColour({ write: () => true, isTTY }, env)).toBe(expected);
  });
});

describe('formatStep', () => {
  it('draws a bar where the amount of work is known', () => {
    const step = { phase: 'calibrate', done: 128, total: 512, etaMs: 3200 };
    expect(formatStep(step)).toBe(`calibrate  ${'━'.repeat(7)}${'─'.repeat(21)} 128 of 512 · 3 s left`);
    expect(formatStep({ ...step, total: undefined })).toBe('calibrate  128 samples');
    expect(formatStep({ phase: 'export', done: 0, total: 1, etaMs: undefined })).toBe('export     …');
  });
});

describe('numbers', () => {
  it('are short', () => {
    expect([0, 999, 1000, 270_896, 999_499, 999_500, 40.8e6, 3.2e9].map(formatCount)).toEqual([
      '0',
      '999',
      '1.00 k',
      '271 k',
      '999 k',
      '1.00 M',
      '40.8 M',
      '3.20 G',
    ]);
    expect([480, 3200, 59_700, 125_000, 3_800_000].map(formatDuration)).toEqual([
      '480 ms',
      '3 s',
      '1 min 0 s',
      '2 min 5 s',
      '1 h 3 min',
    ]);
  });
});
