import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { cwd as processFolder } from 'node:process';
import type { ModelInput } from '../data/model-input';

/** The path in `path` or `input=path`, and what stands before it. */
interface SplitSpec {
  readonly prefix: string;
  readonly path: string;
}

/** Splits a `--data` argument. `=` may be part of a file name, and of the name of an input. */
function splitSpec(spec: string, inputs: readonly ModelInput[], cwd: string): SplitSpec {
  const known = inputs.map((input) => `${input.name}=`).find((each) => spec.startsWith(each));
  const prefix = known ?? (existsSync(resolve(cwd, spec)) ? '' : (/^[^=/\\]+=/.exec(spec)?.[0] ?? ''));
  return { prefix, path: spec.slice(prefix.length) };
}

/** Files and folders that `--data` arguments name, absolute. */
export function dataPaths(specs: readonly string[], inputs: readonly ModelInput[], cwd: string): readonly string[] {
  return specs.map((spec) => resolve(cwd, splitSpec(spec, inputs, cwd).path));
}

/** `--data` arguments that mean the same from the folder of the process; as they were written where they do already. */
export function fromProcessFolder(
  specs: readonly string[],
  inputs: readonly ModelInput[],
  cwd: string,
): readonly string[] {
  if (cwd === processFolder()) return specs;
  return specs.map((spec) => {
    const { prefix, path } = splitSpec(spec, inputs, cwd);
    return `${prefix}${resolve(cwd, path)}`;
  });
}
