import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A Python with TensorFlow: the one BITWRIGHT_PYTHON names, or python3. Undefined when it has none; tests that need it are then
 * skipped, visibly.
 */
export function pythonWithTensorFlow(): string | undefined {
  const python = process.env['BITWRIGHT_PYTHON'] ?? 'python3';
  const found = spawnSync(python, [
    '-c',
    'import importlib.util as u; raise SystemExit(u.find_spec("tensorflow") is None)',
  ]);
  return found.status === 0 ? python : undefined;
}

/** One model to run on one input. */
export interface TfliteJob {
  readonly bytes: Uint8Array;
  readonly inputs: Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>;
  readonly resolver?: 'builtin' | 'xnnpack' | 'reference';
  readonly samples?: number;
}

export type TfliteOutputs = Readonly<
  Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>
>;

/** Runs models in TensorFlow's interpreter, all in one process. */
export function runTflite(python: string, jobs: readonly TfliteJob[]): readonly TfliteOutputs[] {
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-tflite-'));
  try {
    const entries = jobs.map(({ bytes, inputs, ...rest }, i) => {
      const model = join(folder, `${i}.tflite`);
      writeFileSync(model, bytes);
      const outputs = join(folder, `out-${i}`);
      mkdirSync(outputs);
      const files = Object.entries(inputs).map(([name, { data, shape }], k) => {
        const file = join(folder, `${i}-${k}.raw`);
        writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        return [name, { file, shape, dtype: 'float32' }];
      });
      return { model, inputs: Object.fromEntries(files), outputs, ...rest };
    });
    const job = join(folder, 'jobs.json');
    writeFileSync(job, JSON.stringify(entries));
    const script = join(import.meta.dirname, '..', '..', 'scripts', 'run-tflite.py');
    const text = execFileSync(python, [script, job], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 26,
    });
    const answers = JSON.parse(text.slice(text.lastIndexOf('\n[') + 1)) as Record<
      string,
      { file: string; shape: number[]; dtype: string }
    >[];
    return answers.map((answer) =>
      Object.fromEntries(
        Object.entries(answer).map(([name, { file, shape }]) => {
          if (file === undefined) throw new Error(`the interpreter refused: ${String(answer['error'])}`);
          const raw = readFileSync(file);
          return [
            name,
            { data: new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length)), shape },
          ];
        }),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
