import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The Python that BITWRIGHT_PYTHON names, or python3, where it has TensorFlow. */
export function pythonWithTensorFlow(): string | undefined {
  const python = process.env['BITWRIGHT_PYTHON'] ?? 'python3';
  const script = 'import importlib.util as u; raise SystemExit(u.find_spec("tensorflow") is None)';
  return spawnSync(python, ['-c', script]).status === 0 ? python : undefined;
}

export interface TfliteRun {
  readonly bytes: Uint8Array;
  /** Samples one after the other, channels last. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly resolver: 'builtin' | 'reference' | 'xnnpack';
  /** Names of tensors to look at. */
  readonly tensors: readonly string[];
}

/** Codes of the named int8 tensors of every model, all samples one after the other. */
export function tfliteCodes(python: string, runs: readonly TfliteRun[]): readonly ReadonlyMap<string, Int8Array>[] {
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-runtime-'));
  try {
    const jobs = runs.map(({ bytes, data, shape, resolver, tensors }, i) => {
      const [model, file, outputs] = ['tflite', 'raw', 'out'].map((end) => join(folder, `${i}.${end}`)) as [
        string,
        string,
        string,
      ];
      writeFileSync(model, bytes);
      writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      mkdirSync(outputs);
      const inputs = { x: { file, shape: [1, ...shape.slice(1)], dtype: 'float32' } };
      return { model, inputs, outputs, samples: shape[0], resolver, tensors };
    });
    const list = join(folder, 'jobs.json');
    writeFileSync(list, JSON.stringify(jobs));
    const script = join(import.meta.dirname, '../../export/scripts/run-tflite.py');
    const text = execFileSync(python, [script, list], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const answers = JSON.parse(text.slice(text.lastIndexOf('\n[') + 1)) as Record<
      string,
      { file: string; dtype: string }
    >[];
    return answers.map((answer) => {
      if (answer['error'] !== undefined) throw new Error(`the interpreter refused: ${String(answer['error'])}`);
      const quantized = Object.entries(answer).filter(([, { dtype }]) => dtype === 'int8');
      return new Map(
        quantized.map(([name, { file }]) => [name, new Int8Array(new Uint8Array(readFileSync(file)).buffer)]),
      );
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
