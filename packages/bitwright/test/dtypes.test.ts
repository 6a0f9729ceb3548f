import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('model.onnx', tinyClassifierBytes);
});

afterEach(() => place.remove());

describe('bitwright quantize --dtype', () => {
  it('writes the file transformers.js looks for, without data', async () => {
    const { code, stdout } = await place.run(['quantize', 'model.onnx', '--dtype', 'fp16', '-o', 'out']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('wrote') });
    expect(existsSync(join(place.folder, 'out/model_fp16.onnx'))).toBe(true);
  });

  it('replaces nothing without --force', async () => {
    await place.run(['quantize', 'model.onnx', '--dtype', 'fp16']);
    const { code, stderr } = await place.run(['quantize', 'model.onnx', '--dtype', 'fp16']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/existing file/);
  });

  it('refuses a dtype it does not know, naming those it does', async () => {
    const { code, stderr } = await place.run(['quantize', 'model.onnx', '--dtype', 'q5']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/q4/);
  });
});
