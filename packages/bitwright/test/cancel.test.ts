import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Progress, quantizeModel } from '@bitwright/ptq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { imagesNpy, labelsNpy } from './fixture-data';
import { tinyClassifierBytes } from './fixture-model';

const bin = join(import.meta.dirname, '../bin/bitwright.mjs');
const isBuilt = existsSync(join(import.meta.dirname, '../dist/index.js'));
/** A process starts, loads onnxruntime and works: seconds on a busy machine. */
const processTimeout = 60_000;

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(400));
  place.write('labels.npy', labelsNpy(400));
});

afterEach(() => place.remove());

describe('cancelling', () => {
  it.each([
    ['SIGINT', 'calibrate', 130],
    ['SIGINT', 'verify', 130],
    ['SIGINT', 'evaluate', 130],
    ['SIGTERM', 'calibrate', 143],
  ] as const)('with %s during %s ends with exit code %s and no file', async (signal, phase, code) => {
    const before = place.files();
    const controller = new AbortController();
    const cancelHalfWay = (progress: Progress): void => {
      if (progress.phase === phase && progress.done > 0) controller.abort(signal);
    };
    const outcome = await place.run(
      ['quantize', 'tiny.onnx', '--data', 'calib.npy', '--labels', 'labels.npy', '--batch-size', '8'],
      {
        signal: controller.signal,
        isTTY: true,
        dependencies: {
          quantizeModel: (model, options) => quantizeModel(model, { ...options, onProgress: cancelHalfWay }),
        },
      },
    );
    expect(controller.signal.aborted).toBe(true);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr).toContain('cancelled; no file was written\n');
    expect(place.files()).toEqual(before);
  });

  it('just before writing leaves no file either', async () => {
    const before = place.files();
    const controller = new AbortController();
    const outcome = await place.run(['quantize', 'tiny.onnx', '--data', 'calib.npy', '--no-verify'], {
      signal: controller.signal,
      dependencies: {
        quantizeModel: async (model, options) => {
          const result = await quantizeModel(model, options);
          controller.abort('SIGINT');
          return result;
        },
      },
    });
    expect(outcome.code).toBe(130);
    expect(place.files()).toEqual(before);
  });
});

describe.skipIf(!isBuilt)(`the process${isBuilt ? '' : ' (skipped: npm run build first)'}`, () => {
  /** Samples that send the process a signal half way, as Ctrl-C does. */
  const interruptingData = (signal: string): string => `
    export default async function* samples() {
      for (let i = 0; i < 400; i++) {
        if (i === 100) process.kill(process.pid, '${signal}');
        if (i > 100) await new Promise((resolve) => setTimeout(resolve, 20));
        yield Float32Array.from({ length: 192 }, (_, j) => Math.sin(i + j));
      }
    }`;

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'ends with exit code after %s: %s, and leaves no file',
    async (signal, code) => {
      place.write('samples.mjs', interruptingData(signal));
      const before = place.files();
      const args = ['quantize', 'tiny.onnx', '--data', 'samples.mjs', '--batch-size', '8'];
      const outcome = await finish(spawn(process.execPath, [bin, ...args], { cwd: place.folder }));
      expect(outcome.stderr).toContain('cancelled; no file was written');
      expect(outcome.code).toBe(code);
      expect(place.files()).toEqual(before);
    },
    processTimeout,
  );

  it(
    'exits with 0, 1 and 2',
    async () => {
      const run = (...args: string[]) => finish(spawn(process.execPath, [bin, ...args], { cwd: place.folder }));
      const [version, missing, usage] = await Promise.all([
        run('--version'),
        run('inspect', 'no.onnx'),
        run('inspect'),
      ]);
      expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
      expect(missing).toMatchObject({ code: 1, stdout: '' });
      expect(usage).toMatchObject({ code: 2, stdout: '' });
    },
    processTimeout,
  );

  it(
    'prints JSON and nothing else on a pipe',
    async () => {
      const args = [bin, 'inspect', 'tiny.onnx', '--json'];
      const { code, stdout, stderr } = await finish(spawn(process.execPath, args, { cwd: place.folder }));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout).parameters).toBe(845);
    },
    processTimeout,
  );
});

async function finish(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, stdout, stderr };
}
