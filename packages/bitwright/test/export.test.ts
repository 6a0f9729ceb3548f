import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { imagesNpy } from './fixture-data';
import { tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(24));
});

afterEach(() => place.remove());

const bytes = (name: string): Uint8Array => readFileSync(join(place.folder, name));
const text = (name: string): string => readFileSync(join(place.folder, name), 'utf8');

async function succeed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, errors: stderr.split('\n').filter((line) => line.startsWith('error')) }).toEqual({
    code: 0,
    errors: [],
  });
  return stdout;
}

const quantize = (...more: readonly string[]): Promise<string> =>
  succeed('quantize', 'tiny.onnx', '--data', 'calib.npy', '--no-verify', ...more);

describe('bitwright export', () => {
  it('writes a .tflite model from a quantized one, and says that it was read back', async () => {
    await quantize('--target', 'tflite');
    const report = JSON.parse(await succeed('export', 'tiny.int8.onnx', '--to', 'tflite', '--json'));
    expect(report.exports).toMatchObject([
      { format: 'tflite', readBack: true, evidence: 'run', files: [{ path: 'tiny.tflite' }] },
    ]);
    expect(new TextDecoder().decode(bytes('tiny.tflite').subarray(4, 8))).toBe('TFL3');
    expect(place.files().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('gives the same file from the quantized model and from the float one with its spec', async () => {
    await quantize('--target', 'tensorrt-10', '--no-bias-correction');
    await succeed('export', 'tiny.int8.onnx', '--to', 'tensorrt-cache', '-o', 'a.cache');
    await succeed('export', 'tiny.onnx', '--spec', 'tiny.int8.spec.json', '--to', 'tensorrt', '-o', 'b.cache');
    expect(text('a.cache')).toMatch(/^TRT-8601-EntropyCalibration2\nimage: [0-9a-f]{8}\n/);
    await succeed('export', 'tiny.int8.spec.json', '--model', 'tiny.onnx', '--to', 'tensorrt', '-o', 'c.cache');
    expect(text('c.cache')).toBe(text('b.cache'));
    expect((await place.run(['export', 'tiny.int8.spec.json', '--to', 'tensorrt'])).stderr).toContain('--model <file>');
    const sorted = (name: string): string[] => text(name).split('\n').sort();
    expect(sorted('b.cache')).toEqual(sorted('a.cache'));
  });

  it('writes several formats, or nothing when one of them cannot express the model', async () => {
    await quantize('--target', 'qnn');
    const before = place.files();
    const { code, stderr } = await place.run(['export', 'tiny.int8.onnx', '--to', 'qnn,tensorrt-cache']);
    expect(code).toBe(1);
    expect(stderr).toContain('expected int8 codes up to 127, received uint8');
    expect(place.files()).toEqual(before);
    await succeed('export', 'tiny.int8.onnx', '--to', 'qnn,openvino-fake-quantize');
    expect(JSON.parse(text('tiny.encodings')).version).toBe('1.0.0');
    expect(JSON.parse(text('tiny.fake-quantize.json')).operation).toBe('FakeQuantize-1');
  });

  it('takes the version of a format, and names the known ones for another', async () => {
    await quantize('--target', 'snpe');
    await succeed('export', 'tiny.int8.onnx', '--to', 'snpe');
    expect(JSON.parse(text('tiny.encodings')).version).toBe('0.6.1');
    await succeed('export', 'tiny.int8.onnx', '--to', 'snpe', '--format-version', '1.0.0', '-f');
    expect(JSON.parse(text('tiny.encodings')).version).toBe('1.0.0');
    const { code, stderr } = await place.run([
      'export',
      'tiny.int8.onnx',
      '--to',
      'qnn',
      '--format-version',
      '9',
      '-f',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('expected 1.0.0, 0.6.1, 2.0.0, unversioned, received "9"');
  });

  it('tells the owner of a TensorFlow.js model which commands come first, and they work', async () => {
    mkdirSync(join(place.folder, 'my web'));
    await succeed('convert', 'tiny.onnx', '-o', 'my web/model.json');
    const before = place.files();
    const { code, stderr } = await place.run(['export', 'my web/model.json', '--to', 'tflite']);
    expect(code).toBe(1);
    expect(stderr).toContain("bitwright convert 'my web/model.json' -o 'my web/my web.onnx'");
    expect(stderr).toContain("bitwright quantize 'my web/my web.onnx' --data <path> --to tflite");
    expect(place.files()).toEqual(before);
    await succeed('convert', 'my web/model.json', '-o', 'my web/my web.onnx', '--channels-first');
    await succeed('quantize', 'my web/my web.onnx', '--data', 'calib.npy', '--no-verify', '--to', 'tflite');
    const other = await place.run(['export', 'x.json', '--model', 'my web/model.json', '--to', 'ncnn']);
    expect(other.stderr).toContain('a TensorFlow.js model');
  });

  it('converts a TensorFlow.js model with --to onnx, as `convert` does', async () => {
    await succeed('convert', 'tiny.onnx', '-o', 'web.json');
    expect(await succeed('export', 'web.json', '--to', 'onnx', '-o', 'a.onnx')).toContain('a.onnx');
    await succeed('convert', 'web.json', '-o', 'b.onnx');
    expect(bytes('a.onnx')).toEqual(bytes('b.onnx'));
    // Only a .json file is looked into: an .onnx file may be large.
    place.write('web.onnx', bytes('web.json'));
    expect((await place.run(['export', 'web.onnx', '--to', 'onnx', '-o', 'c.onnx'])).code).toBeGreaterThan(0);
    expect(place.files()).not.toContain('c.onnx');
  });

  it('tells a TensorRT 11 user to take QDQ', async () => {
    await quantize('--target', 'tensorrt-11');
    const { code, stderr } = await place.run([
      'export',
      'tiny.int8.onnx',
      '--to',
      'tensorrt-cache',
      '--format-version',
      '11',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('Export a QDQ model instead');
  });

  it('never replaces a file without --force, nor an input ever', async () => {
    await quantize('--target', 'tflite');
    await succeed('export', 'tiny.int8.onnx', '--to', 'tflite');
    const again = await place.run(['export', 'tiny.int8.onnx', '--to', 'tflite']);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('--force');
    await succeed('export', 'tiny.int8.onnx', '--to', 'tflite', '--force');
    const onto = await place.run(['export', 'tiny.int8.onnx', '--to', 'tflite', '-o', 'tiny.int8.onnx', '--force']);
    expect(onto.code).toBe(1);
    expect(decodeModel(bytes('tiny.int8.onnx')).graph?.node.length).toBeGreaterThan(5);
  });

  it('writes nothing with --dry-run', async () => {
    await quantize('--target', 'tflite');
    const before = place.files();
    expect(await succeed('export', 'tiny.int8.onnx', '--to', 'tflite', '--dry-run')).toContain('nothing written');
    expect(place.files()).toEqual(before);
  });

  it('refuses a float model without a spec, a spec of another model, and one whose weights were changed', async () => {
    const float = await place.run(['export', 'tiny.onnx', '--to', 'tflite']);
    expect([float.code, float.stderr]).toEqual([1, expect.stringContaining('a float one with --spec')]);
    await quantize('--target', 'tflite', '--bias-correction');
    const changed = await place.run(['export', 'tiny.onnx', '--spec', 'tiny.int8.spec.json', '--to', 'tflite']);
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('which changed the weights')]);
    await succeed('export', 'tiny.int8.onnx', '--to', 'tflite');
    await quantize('--target', 'tflite', '--force');
    place.write('other.onnx', encodeModel({ ...decodeModel(tinyClassifierBytes), producerName: 'somebody else' }));
    const other = await place.run([
      'export',
      'other.onnx',
      '--spec',
      'tiny.int8.spec.json',
      '--to',
      'tflite',
      '--force',
    ]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('SHA-256 differs')]);
  });

  it('says what is wrong with a spec', async () => {
    place.write('half.json', '{"version": 1');
    const refused = (spec: string) => place.run(['export', 'tiny.onnx', '--spec', spec, '--to', 'npz']);
    expect((await refused('half.json')).stderr).toBe(
      'error: read spec half.json: expected a quantization spec in JSON, received "{\\"version\\": 1".\n',
    );
    expect((await refused('gone.json')).stderr).toContain('read spec gone.json: expected a spec');
  });

  it('names the formats it knows', async () => {
    const { code, stderr } = await place.run(['export', 'tiny.onnx', '--to', 'coreml']);
    expect(code).toBe(2);
    expect(stderr).toContain('tflite');
    expect((await place.run(['export', 'tiny.onnx'])).code).toBe(2);
  });
});

describe('bitwright quantize --to', () => {
  it('plans for the format’s target and exports what it wrote', async () => {
    const report = JSON.parse(await quantize('--to', 'ncnn', '--json'));
    expect(report.target).toBe('ncnn');
    expect(report.exports).toMatchObject([{ format: 'ncnn-table', files: [{ path: 'tiny.table' }] }]);
    expect(text('tiny.table').split('\n')[0]).toMatch(/^conv1_param_0( [\d.]+){8}$/);
  });
});
