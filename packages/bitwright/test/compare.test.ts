import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { editGraph, encodeModel } from '@bitwright/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBar } from '../src/terminal/bar';
import { printable, shorten, wrap } from '../src/terminal/printable';
import { createWorkplace, type Workplace } from './command-line';
import { imagesNpy, labelsNpy } from './fixture-data';
import { tinyClassifier } from './fixture-model';
import { hostileModel, quantizedPair } from './hostile-model';

let place: Workplace;

beforeAll(async () => {
  place = createWorkplace();
  const { float, quantized } = await quantizedPair(tinyClassifier());
  place.write('tiny.onnx', float);
  place.write('tiny.int8.onnx', quantized);
  place.write('data.npy', imagesNpy(24));
  place.write('labels.npy', labelsNpy(24));
});

afterAll(() => place.remove());

const args = ['compare', 'tiny.onnx', 'tiny.int8.onnx', '--data', 'data.npy', '--latency-runs', '3'];

describe('bitwright compare', () => {
  it('prints the figures, what to do, and bars of the worst layers first', async () => {
    const { code, stdout, stderr } = await place.run([...args, '--labels', 'labels.npy']);
    expect({ code, errors: stderr.includes('error') }).toEqual({ code: 0, errors: false });
    for (const words of ['tiny.onnx', 'output logits', 'top-1 accuracy', 'latency, batch 1', 'Noise each layer adds']) {
      expect(stdout).toContain(words);
    }
    const bars = [...stdout.matchAll(/^ {2}(\S+): +\| ([█▏▎▍▌▋▊▉ ]+) \| +(\S+) %/gm)];
    expect(bars.length).toBeGreaterThanOrEqual(8);
    const [first, second] = bars.map((bar) => Number(bar[3]));
    expect(first ?? 0).toBeGreaterThanOrEqual(second ?? 0);
    expect(bars[0]?.[2]?.startsWith('████')).toBe(true);
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('lists as many layers as asked for', async () => {
    const few = await place.run([...args, '--top', '2']);
    expect(few.stdout.match(/… and \d+ more/g)).toHaveLength(2);
    const all = await place.run([...args, '--all']);
    expect(all.stdout).not.toContain('more, see --all');
  });

  it('gives everything as JSON', async () => {
    const { code, stdout } = await place.run([...args, '--json', '--fail-under-sqnr', '10']);
    const document = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(document.files).toMatchObject({ float: 'tiny.onnx', quantized: 'tiny.int8.onnx' });
    expect(document.matching.unmatched).toEqual([]);
    expect(document.layers.length).toBeGreaterThanOrEqual(5);
    for (const layer of document.layers) {
      expect(layer.cumulative).toMatchObject({ noiseShare: expect.any(Number), nonFinite: 0 });
    }
    expect(document.layers[1]).toMatchObject({
      isolated: { noiseShare: expect.any(Number) },
      executed: { noiseShare: expect.any(Number) },
      weight: { dtype: 'int8' },
      codes: { clipped: expect.any(Number), unused: expect.any(Number) },
    });
    expect(document.gates).toEqual([expect.objectContaining({ gate: 'sqnr', demanded: 10, isPassed: true })]);
    expect(document.memory.float.steps.length).toBeGreaterThan(3);
  });

  it('fails with what was measured and what was demanded', async () => {
    const sqnr = await place.run([...args, '--fail-under-sqnr', '300']);
    expect(sqnr.code).toBe(1);
    expect(sqnr.stderr).toMatch(/failed: output "logits" has an SQNR of [\d.]+ dB, demanded are at least 300 dB/);
    const latency = await place.run([...args, '--max-latency-ratio', '0.000001']);
    expect(latency.code).toBe(1);
    expect(latency.stderr).toMatch(
      /failed: the quantized model takes [\d.]+ times as long as float .* demanded is at most/,
    );
    const passed = await place.run([...args, '--fail-under-sqnr', '1', '--max-latency-ratio', '1e6']);
    expect(passed.code).toBe(0);
  });

  it.each([
    [['--fail-under-sqnr', 'thirty'], '--fail-under-sqnr'],
    [['--max-latency-ratio', '0'], '--max-latency-ratio'],
    [['--max-latency-ratio', '1', '--latency-runs', '0'], '--latency-runs'],
  ])('refuses %j', async (more, words) => {
    const { code, stderr } = await place.run([...args, ...more]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });

  it('wants samples, and says so when they are random', async () => {
    const none = await place.run(['compare', 'tiny.onnx', 'tiny.int8.onnx']);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('--data');
    const random = await place.run(['compare', 'tiny.onnx', 'tiny.int8.onnx', '--allow-random', '--latency-runs', '0']);
    expect(random.code).toBe(0);
    expect(random.stderr).toContain('random numbers');
  });

  it('writes a report, and replaces one only when told to', async () => {
    const first = await place.run([...args, '--html', 'report.html']);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('wrote report.html');
    expect(readFileSync(join(place.folder, 'report.html'), 'utf8')).toMatch(/^<!DOCTYPE html>/);
    const again = await place.run([...args, '--html', 'report.html']);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('--force');
    expect((await place.run([...args, '--html', 'report.html', '--force'])).code).toBe(0);
    const labels = await place.run([...args, '--labels', 'labels.npy', '--html', 'labels.npy', '--force']);
    expect(labels).toMatchObject({ code: 1, stderr: expect.stringContaining('not an input') });
    const input = await place.run([...args, '--html', 'tiny.onnx', '--force']);
    expect(input.stderr).toContain('not an input');
  });

  it('refuses models that do not belong together', async () => {
    const edit = editGraph(tinyClassifier());
    edit.renameValue('image', 'picture');
    place.write('other.onnx', encodeModel(edit.finish()));
    const renamed = await place.run([
      'compare',
      'tiny.onnx',
      'other.onnx',
      '--data',
      'data.npy',
      '--latency-runs',
      '0',
    ]);
    expect(renamed.code).toBe(0);
    const missing = await place.run(['compare', 'tiny.onnx', 'nowhere.onnx', '--data', 'data.npy']);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toContain('nowhere.onnx');
  });

  it('shows names from a model without obeying them', async () => {
    const { float, quantized } = await quantizedPair(hostileModel());
    place.write('hostile.onnx', float);
    place.write('hostile.int8.onnx', quantized);
    const { code, stdout, stderr } = await place.run([
      ...['compare', 'hostile.onnx', 'hostile.int8.onnx', '--data', 'data.npy', '--latency-runs', '0', '--all'],
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('\\x1b[2J');
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stdout + stderr).not.toContain('\u202e');
  });

  it('can be cancelled', async () => {
    const { code, stderr } = await place.run([...args], { signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(stderr).toContain('cancelled');
  });
});

describe('text for a terminal', () => {
  it('draws bars in eighths of a character that never vanish', () => {
    expect(formatBar(1, 4)).toBe('████');
    expect(formatBar(0.5, 4)).toBe('██  ');
    expect(formatBar(1e-9, 4)).toBe('▏   ');
    expect(formatBar(0, 4)).toBe('    ');
    expect(formatBar(7, 4)).toBe('████');
  });

  it('shortens in the middle, wraps at blanks and shows control characters', () => {
    expect(shorten('abcdefghij', 5)).toBe('ab…ij');
    expect(shorten('abc', 5)).toBe('abc');
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(printable('a\u0007\u202eb\n')).toBe('a\\x07\\u{202e}b\\x0a');
  });
});

const shared = resolve(process.env['BITWRIGHT_SHARED'] ?? join(import.meta.dirname, '../../../../shared'));
const model = join(shared, 'data/models/kws_dscnn.onnx');
const isThere = existsSync(model);

describe.skipIf(!isThere)(`compare on a real model${isThere ? '' : ' (skipped: no shared data)'}`, () => {
  it('explains an int8 keyword spotter', async () => {
    const data = join(shared, 'data/kws/features.npy');
    const labels = join(shared, 'data/kws/labels.u8');
    await place.run(['quantize', model, '--data', data, '-o', 'kws.int8.onnx', '--samples', '64', '--no-verify', '-q']);
    const { code, stdout } = await place.run([
      ...['compare', model, 'kws.int8.onnx', '--data', data, '--labels', labels, '--json', '--latency-runs', '3'],
    ]);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document.matching).toMatchObject({ unmatched: [], byName: document.matching.layers });
    expect(document.layers.length).toBeGreaterThanOrEqual(11);
    expect(document.evaluation.float.top1).toBeCloseTo(0.901, 2);
    for (const layer of document.layers) expect(layer.cumulative.sqnrDb).toBeGreaterThan(15);
    for (const layer of document.layers.slice(1)) expect(layer.isolated?.sqnrDb ?? 99).toBeGreaterThan(20);
  });
});
