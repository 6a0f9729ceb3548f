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
    expect(stderr).toMatch(/does not exist yet, received .*model_fp16.onnx/);
  });

  it('refuses a dtype it does not know, naming those it does', async () => {
    const { code, stderr } = await place.run(['quantize', 'model.onnx', '--dtype', 'q5']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/q4/);
  });

  it('lists every file in --json and writes the report when asked', async () => {
    const args = ['quantize', 'model.onnx', '--dtype', 'fp16,q8', '--report', 'report.json', '--json', '--per-tensor'];
    const { code, stdout } = await place.run(args);
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as { files: { dtype: string; path: string }[]; reports: unknown[] };
    expect(document.files.map(({ dtype, path }) => [dtype, path])).toEqual([
      ['fp16', 'model_fp16.onnx'],
      ['q8', 'model_quantized.onnx'],
    ]);
    expect(document.reports).toHaveLength(2);
    expect(place.files()).toContain('report.json');
  });

  it('refuses options of the other kind of quantization, and gptq without data', async () => {
    const foreign = await place.run(['quantize', 'model.onnx', '--dtype', 'q8', '--weight-range', 'mse']);
    expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining('Leave out --weight-range') });
    const gptq = await place.run(['quantize', 'model.onnx', '--dtype', 'q4', '--method', 'gptq']);
    expect(gptq.stderr).toMatch(/calibration samples for the method "gptq"/);
    expect(place.files()).toEqual(['model.onnx']);
  });
});
