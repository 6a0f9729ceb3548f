import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { SpecOutcome } from './spec-outcome';

const here = dirname(fileURLToPath(import.meta.url));
const packageFolder = join(here, '../..');
const outputFolder = join(packageFolder, 'node_modules/.tfjs-suite');

/** One module file of everything the specs touch, so that they and the backend share one copy of tfjs-core. */
export async function bundleSuite(): Promise<string> {
  const outfile = join(outputFolder, 'suite.mjs');
  const require = createRequire(import.meta.url);
  const moduleSource = (name: string): string =>
    join(dirname(require.resolve(`${name}/package.json`)), 'dist/index.js');
  await build({
    entryPoints: [join(here, 'suite-entry.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    // tfjs-core declares its spec files free of side effects.
    ignoreAnnotations: true,
    external: ['jasmine-core', '@bitwright/kernels-native', '@bitwright/core'],
    mainFields: ['module', 'main'],
    plugins: [
      {
        name: 'module-sources',
        setup({ onResolve }) {
          onResolve({ filter: /^@tensorflow\/tfjs-(core|backend-cpu)$/ }, ({ path }) => ({ path: moduleSource(path) }));
        },
      },
    ],
    banner: {
      js: [
        "import { createRequire as suiteRequire } from 'node:module';",
        'const require = suiteRequire(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;',
      ].join('\n'),
    },
  });
  return outfile;
}

/** Runs the bundled specs in a process of their own. */
export async function runSuite(bundle: string, backendName: string, isa?: string): Promise<SpecOutcome[]> {
  const outcomeFile = join(outputFolder, `${backendName}-${isa ?? 'default'}.json`);
  await rm(outcomeFile, { force: true });
  const sources = ['--import', 'tsx', '--conditions=@bitwright/source'];
  const suite = [bundle, backendName, outcomeFile, ...(isa === undefined ? [] : [isa])];
  await promisify(execFile)(execPath, [...sources, ...suite], { cwd: packageFolder, maxBuffer: 2 ** 26 });
  return JSON.parse(await readFile(outcomeFile, 'utf8')) as SpecOutcome[];
}
