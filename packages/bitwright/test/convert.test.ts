import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { assertValidModel, decodeModel } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
});

afterEach(() => place.remove());

const read = (name: string): Buffer => readFileSync(join(place.folder, name));

async function succeed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** First output of a model on the same numbers, channels first or last. */
async function outputOf(name: string, isLast: boolean): Promise<number[]> {
  const session = await ort.InferenceSession.create(read(name), { logSeverityLevel: 3 });
  const { inputMetadata } = session;
  const shape = (inputMetadata[0] as { shape: readonly (number | string)[] }).shape.map((d, i) =>
    i === 0 ? 1 : Number(d),
  );
  const [n = 1, a = 1, b = 1, c = 1] = shape;
  // value[channel][row][column], in whichever order the model wants it.
  const [channels, height, width] = isLast ? [c, a, b] : [a, b, c];
  const data = new Float32Array(n * channels * height * width);
  for (let k = 0; k < channels; k++) {
    for (let i = 0; i < height * width; i++)
      data[isLast ? i * channels + k : k * height * width + i] = Math.sin(k + 3 * i);
  }
  const results = await session.run({ [session.inputNames[0]!]: new ort.Tensor('float32', data, shape) });
  await session.release();
  return Array.from(results[session.outputNames[0]!]!.data as Float32Array);
}

describe('bitwright convert', () => {
  it('takes an ONNX model to TensorFlow.js and back with the same outputs', async () => {
    const there = JSON.parse(await succeed('convert', 'tiny.onnx', '-o', 'web.json', '--json'));
    expect(there).toMatchObject({ from: 'ONNX', to: 'TensorFlow.js layers-model' });
    expect(there.files.map((file: { path: string }) => file.path)).toEqual(['web-shard1of1.bin', 'web.json']);
    expect(await succeed('convert', 'web.json', '-o', 'again.onnx', '--opset', '18')).toContain('again.onnx');
    const again = decodeModel(read('again.onnx'));
    assertValidModel(again);
    expect(Number(again.opsetImport[0]?.version)).toBe(18);
    const [expected, actual] = [await outputOf('tiny.onnx', false), await outputOf('again.onnx', true)];
    // Float32 sums in another order.
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
    expect(place.files().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('names a model.json after its folder, writes nothing in a dry run, and replaces only when told', async () => {
    await succeed('convert', 'tiny.onnx', '-o', 'model.json');
    const before = place.files();
    expect(await succeed('convert', 'model.json', '--dry-run')).toContain('nothing written');
    expect(place.files()).toEqual(before);
    expect((await place.run(['convert', 'tiny.onnx', '-o', 'model.json'])).code).toBe(1);
    await succeed('convert', 'tiny.onnx', '-o', 'model.json', '--force');
  });

  it('says what is wrong with a model and leaves nothing behind', async () => {
    const layer = { class_name: 'Capsule', config: { name: 'caps', batch_input_shape: [null, 4] } };
    const topology = { class_name: 'Sequential', config: [layer] };
    place.write('caps.json', JSON.stringify({ modelTopology: topology, weightsManifest: [] }));
    place.write('secret', 'x');
    symlinkSync('/etc/hostname', join(place.folder, 'link.bin'));
    const withPath = (path: string): string =>
      JSON.stringify({ modelTopology: topology, weightsManifest: [{ paths: [path], weights: [] }] });
    place.write('up.json', withPath('../secret'));
    place.write('link.json', withPath('link.bin'));
    place.write('gone.json', withPath('gone.bin'));
    place.write('text.json', 'no json');
    const before = place.files();
    for (const [name, message] of [
      ['caps.json', 'layer "caps"'],
      ['up.json', 'in the folder of the model'],
      ['link.json', 'a link that leaves it'],
      ['gone.json', 'gone.bin'],
      ['text.json', 'JSON'],
      ['absent.json', 'which is none'],
    ] as const) {
      const { code, stderr } = await place.run(['convert', name]);
      expect([name, code]).toEqual([name, 1]);
      expect(stderr).toContain(message);
    }
    expect(place.files()).toEqual(before);
  });
});
