/**
 * What the object files of instruction sets export: nothing but kernels named after the file, `…__<isa>`.
 *
 * An inline function compiled with AVX-512 flags and exported (also weakly) could be the one the linker keeps, and would then
 * crash on a CPU without AVX-512.
 *
 *   node scripts/check-symbols.mjs [build folder, default Release]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'build', 'cmake', process.argv[2] ?? 'Release', 'CMakeFiles');

if (!existsSync(folder)) {
  console.error(`check-symbols: ${folder} does not exist; build first`);
  process.exit(1);
}

const objects = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /native\/kernels\/.*\.o$/.test(file),
);
const problems = [];
for (const object of objects) {
  const isa = basename(object, '.cc.o');
  const exported = execFileSync('nm', ['--defined-only', '--extern-only', '--demangle', join(folder, object)], {
    encoding: 'utf8',
  });
  for (const line of exported.split('\n').filter((text) => text !== '')) {
    const [, kind, symbol = ''] = /^\S*\s+(\S)\s+(.*)$/.exec(line) ?? [];
    if (kind === 'T' && new RegExp(`\\bqk_\\w+__${isa}\\b`).test(symbol)) continue;
    problems.push(`${object}: exports ${symbol} (${kind})`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`check-symbols: ${objects.length} objects, ${problems.length} problems`);
process.exitCode = problems.length > 0 || objects.length === 0 ? 1 : 0;
