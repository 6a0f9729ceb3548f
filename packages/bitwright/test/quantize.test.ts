import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { specFromJson } from '@bitwright/core';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import { writeModelFile } from '@bitwright/onnx/node';
import { loadRuntime } from '@bitwright/ptq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { imageData, imagesNpy, labelsNpy } from './fixture-data';
import { quantizedModel, tinyClassifier, tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(40));
  place.write('labels.npy', labelsNpy(40));
});

afterEach(() => place.remove());

const read = (name: string): Uint8Array => readFileSync(join(place.folder, name));

/** Runs `quantize tiny.onnx --data calib.npy --json` and returns the document. */
async function quantize(...more: readonly string[]) {
  const { code, stdout, stderr } = await place.run(['quantize', 'tiny.onnx', '--data', 'calib.npy', '--json', ...more]);
  expect({ code, errors: stderr.split('\n').filter((line) => line.startsWith('error')) }).toEqual({
    code: 0,
    errors: [],
  });
  return JSON.parse(stdout);
}

describe('bitwright quantize', () => {
  it('writes an int8 model that runs, its spec and its report beside the model', async () => {
    const report = await quantize('--labels', 'labels.npy');
    expect(place.files()).toEqual([
      'calib.npy',
      'labels.npy',
      'tiny.int8.onnx',
      'tiny.int8.report.json',
      'tiny.int8.spec.json',
      'tiny.onnx',
    ]);
    expect(JSON.parse(new TextDecoder().decode(read('tiny.int8.report.json')))).toEqual(report);
    expect(report.evaluation.samples).toBe(40);
    expect(report.latency.runs).toBeGreaterThan(0);
    expect(report.runtimeGraph.integerShare).toBeGreaterThan(0.5);

    const spec = specFromJson(new TextDecoder().decode(read('tiny.int8.spec.json')));
    expect(spec.provenance.modelHash).toBe(createHash('sha256').update(tinyClassifierBytes).digest('hex'));
    expect(spec.provenance.dataHash).toHaveLength(64);
    expect(decodeModel(read('tiny.int8.onnx')).graph?.node.some((node) => node.opType === 'QuantizeLinear')).toBe(true);
    const session = await (await loadRuntime()).createSession(read('tiny.int8.onnx'));
    const { logits } = await session.run({ image: { type: 'float32', data: imageData(2), dims: [2, 3, 8, 8] } });
    await session.release();
    expect(logits?.dims).toEqual([2, 5]);
  });

  it('gives the same bytes for the same command line', async () => {
    await quantize('-o', 'a.onnx', '--samples', '16');
    await quantize('-o', 'b.onnx', '--samples', '16');
    expect(Buffer.from(read('a.onnx')).equals(read('b.onnx'))).toBe(true);
    expect(Buffer.from(read('a.spec.json')).equals(read('b.spec.json'))).toBe(true);
  });

  it('chooses samples by the seed', async () => {
    const texts = new Set<string>();
    for (const seed of ['0', '1', '2']) {
      await quantize('-o', 'x.onnx', '--samples', '3', '--seed', seed, '--force', '--no-verify');
      const spec = specFromJson(new TextDecoder().decode(read('x.spec.json')));
      texts.add(JSON.stringify([...(spec.tensors['image']?.qparams.scale ?? [])]));
    }
    expect(texts.size).toBeGreaterThan(1);
  });

  it('writes into a folder, or where it is told to', async () => {
    mkdirSync(join(place.folder, 'out'));
    expect((await quantize('-o', 'out/')).files.model).toBe(join('out', 'tiny.int8.onnx'));
    const { files } = await quantize('-o', 'small.onnx', '--spec', 'out/s.json', '--report', 'out/r.json');
    expect(files).toEqual({ model: 'small.onnx', spec: join('out', 's.json'), report: join('out', 'r.json') });
    expect(place.files()).toContain(join('out', 's.json'));
  });

  it('replaces files with --force', async () => {
    place.write('tiny.int8.onnx', 'old');
    await quantize('--force');
    expect(read('tiny.int8.onnx').length).toBeGreaterThan(100);
  });

  it('leaves excluded nodes in float, and says so', async () => {
    const report = await quantize('--exclude', 'op:Gemm', '--exclude', 'conv1');
    const float = report.plan.float.map((node: { node: string }) => node.node);
    expect(float).toContain('head');
    expect(float).toContain('conv1');
    expect(float).not.toContain('conv2');
  });

  it('plans without writing with --dry-run', async () => {
    const before = place.files();
    const plan = await quantize('--dry-run');
    expect(plan.plan.nodes).toHaveLength(7);
    const excluded = await quantize('--dry-run', '--exclude', 'conv1');
    expect(excluded.plan.nodes[0]).toMatchObject({ node: 'conv1', decision: 'float' });
    const text = await place.run(['quantize', 'tiny.onnx', '--data', 'calib.npy', '-n']);
    expect(text.stdout).toMatch(/would write tiny\.int8\.onnx/);
    expect(place.files()).toEqual(before);
  });

  it('fails a dry run of what could not be quantized', async () => {
    place.write('int8.onnx', encodeModel(quantizedModel()));
    const { code, stderr } = await place.run(['quantize', 'int8.onnx', '--data', 'calib.npy', '-n']);
    expect(code).toBe(1);
    expect(stderr).toContain('quantized already');
    const wrong = await place.run(['quantize', 'tiny.onnx', '--data', 'calib.npy', '-n', '--exclude', 'nothing']);
    expect(wrong.code).toBe(2);
  });

  it('works without running anything afterwards with --no-verify', async () => {
    const report = await quantize('--no-verify');
    expect(report.verification).toBeUndefined();
    expect(report.latency).toBeUndefined();
  });

  it('says when it calibrated on random numbers, and on what accuracy was measured', async () => {
    const random = await place.run(['quantize', 'tiny.onnx', '--allow-random', '--json']);
    expect(random.code).toBe(0);
    expect(random.stderr).toContain('warning: calibrated on random numbers');
    expect(JSON.parse(random.stdout).warnings[0]).toContain('random numbers');

    place.write('test.npy', imagesNpy(10));
    place.write('test-labels.npy', labelsNpy(10));
    const same = await quantize('-o', 'a.onnx', '--labels', 'labels.npy');
    expect(same.warnings.join('\n')).toContain('accuracy was measured on the calibration data');
    const other = await quantize('-o', 'b.onnx', '--labels', 'test-labels.npy', '--eval-data', 'test.npy');
    expect(other.evaluation.samples).toBe(10);
    expect(other.warnings.join('\n')).not.toContain('calibration data');
  });

  it('reads raw bytes with a shape and a preprocessing', async () => {
    place.write(
      'calib.u8',
      Uint8Array.from({ length: 40 * 192 }, (_, i) => (i * 37) % 256),
    );
    const { code, stdout } = await place.run([
      ...['quantize', 'tiny.onnx', '--data', 'calib.u8', '--shape', '8x8x3', '--json'],
      ...['--mean', '0.5', '--std', '0.5', '--layout', 'nchw'],
    ]);
    expect(code).toBe(0);
    const [input] = JSON.parse(stdout).inputs;
    expect(input).toMatchObject({ input: 'image', dims: [1, 3, 8, 8], min: -1, max: 1 });
  });

  it('reads a model with external data and never changes it', async () => {
    await writeModelFile(tinyClassifier(), join(place.folder, 'split.onnx'), {
      externalData: 'always',
      sizeThreshold: 64,
    });
    const before = [read('split.onnx'), read('split.onnx.data')];
    const { code } = await place.run(['quantize', 'split.onnx', '--data', 'calib.npy']);
    expect(code).toBe(0);
    expect([read('split.onnx'), read('split.onnx.data')]).toEqual(before);
    await quantize();
    expect(Buffer.from(read('split.int8.onnx')).equals(read('tiny.int8.onnx'))).toBe(true);
  });

  it('says when the target is another runtime than the one measured', async () => {
    const foreign = await quantize('--target', 'ncnn', '--no-verify', '-o', 'a.onnx');
    expect(foreign.warnings.join('\n')).toContain('ncnn reads the format ncnn-table, not this .onnx file');
    const elsewhere = await quantize('--target', 'tensorrt-11', '-o', 'b.onnx');
    expect(elsewhere.warnings.join('\n')).toMatch(
      /measured in onnxruntime on this machine, which tells little about .*TensorRT/,
    );
  });

  it('warns about data that look wrong', async () => {
    place.write(
      'calib.npy',
      imagesNpy(
        40,
        new Float32Array(40 * 192).map((_, i) => (i * 7) % 256),
      ),
    );
    const report = await quantize();
    expect(report.warnings.join('\n')).toMatch(/input 'image': values are whole numbers of 0…255/);
  });
});
