import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const packageFolder = join(fileURLToPath(import.meta.url), '../..');

/** Node options with which a process runs the sources of this repository. */
const sourceOptions = ['--import', 'tsx', '--conditions=@bitwright/source'];

/** Runs a module in a Node process of its own and parses the JSON of its last line. */
export async function runScript(script: string, nodeOptions: readonly string[] = []): Promise<unknown> {
  const module = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(execPath, [...sourceOptions, ...nodeOptions, ...module], {
    cwd: packageFolder,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
