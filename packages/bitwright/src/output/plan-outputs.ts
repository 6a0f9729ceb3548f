import { statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';

/** Files one `quantize` writes; all absolute. */
export interface PlannedOutputs {
  readonly model: string;
  readonly spec: string;
  readonly report: string;
}

export interface OutputChoice {
  readonly output?: string | undefined;
  readonly spec?: string | undefined;
  readonly report?: string | undefined;
}

/**
 * Where the results go: `model.onnx` → `model.int8.onnx`, `model.int8.spec.json`, `model.int8.report.json` beside it,
 * or into the folder or under the name given.
 */
export function planOutputs(modelPath: string, choice: OutputChoice, cwd: string): PlannedOutputs {
  const defaultName = `${withoutExtension(basename(modelPath))}.int8.onnx`;
  const model = modelOutput(modelPath, choice.output, defaultName, cwd);
  const stem = withoutExtension(model);
  return {
    model,
    spec: choice.spec === undefined ? `${stem}.spec.json` : resolve(cwd, choice.spec),
    report: choice.report === undefined ? `${stem}.report.json` : resolve(cwd, choice.report),
  };
}

// — internals —

function modelOutput(modelPath: string, output: string | undefined, defaultName: string, cwd: string): string {
  if (output === undefined) return resolve(cwd, dirname(modelPath), defaultName);
  const path = resolve(cwd, output);
  return /[/\\]$/.test(output) || isFolder(path) ? join(path, defaultName) : path;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function withoutExtension(path: string): string {
  return extname(path).toLowerCase() === '.onnx' ? path.slice(0, -'.onnx'.length) : path;
}
