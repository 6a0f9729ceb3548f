import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SampleSet } from '../export/cases';

/** Kernels of the interpreter: its own, and the delegate that is on by default. */
export type Resolver = 'builtin' | 'xnnpack';

const script = join(import.meta.dirname, '../../../../packages/export/scripts/run-tflite.py');

/** Runs a .tflite model on every sample, one at a time, and gives its output by name: all samples one after the other. */
export function interpret(
  python: string,
  bytes: Uint8Array,
  set: SampleSet,
  ends: { readonly input: string; readonly output: string },
  resolver: Resolver,
): Float32Array {
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-tflite-'));
  try {
    const model = join(folder, 'model.tflite');
    writeFileSync(model, bytes);
    const file = join(folder, 'input.raw');
    const data = channelsLast(set.batch(0, set.count), [set.count, ...set.dims]);
    writeFileSync(file, new Uint8Array(data.buffer));
    const [c = 1, h = 1, w = 1] = set.dims;
    const outputs = join(folder, 'out');
    mkdirSync(outputs);
    const inputs = { [ends.input]: { file, shape: [1, h, w, c], dtype: 'float32' } };
    const jobs = join(folder, 'jobs.json');
    writeFileSync(jobs, JSON.stringify([{ model, inputs, outputs, samples: set.count, resolver }]));
    const text = execFileSync(python, [script, jobs], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [answer] = JSON.parse(text.slice(text.lastIndexOf('\n[') + 1)) as Record<string, { file: string }>[];
    const found = answer?.[ends.output];
    if (found === undefined) throw new Error(`the interpreter gave ${JSON.stringify(answer)}`);
    const raw = readFileSync(found.file);
    return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// — internals —

/** NCHW to NHWC. */
function channelsLast(data: Float32Array, dims: readonly number[]): Float32Array {
  const [n = 1, c = 1, h = 1, w = 1] = dims;
  const plane = h * w;
  const out = new Float32Array(data.length);
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      const from = (image * c + channel) * plane;
      for (let i = 0; i < plane; i++) out[(image * plane + i) * c + channel] = data[from + i] as number;
    }
  }
  return out;
}
