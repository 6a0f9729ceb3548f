/**
 * Compiles the addon into build/Release/bitwright_kernels.node, incrementally.
 *
 *   node scripts/build-native.mjs [--sanitize address|fuzz|thread] [--target NAME] [--toolchain FILE] [--folder NAME]
 *
 * Without CMake or a C++ compiler it says so in one line and succeeds: everything else works on the TypeScript reference.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const addonName = 'bitwright_kernels.node';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

const { values: options } = parseArgs({
  options: {
    sanitize: { type: 'string', default: '' },
    target: { type: 'string', default: 'bitwright_kernels' },
    toolchain: { type: 'string' },
    folder: { type: 'string' },
  },
});
const name = options.folder ?? (options.sanitize === '' ? 'Release' : options.sanitize);
/** Where CMake works. */
const folder = join(root, 'build', 'cmake', name);
/** Where the finished addon lies. */
const output = join(root, 'build', name);

/** Runs a program quietly; its output is shown only when it fails. */
function run(program, args) {
  return spawnSync(program, args, { cwd: root, encoding: 'utf8' });
}

function has(program) {
  return run(program, ['--version']).status === 0;
}

/** What is missing to compile, or undefined. */
function missingTool() {
  if (!has('cmake')) return 'CMake';
  const compilers = process.env.CXX === undefined ? ['c++', 'g++', 'clang++'] : [process.env.CXX];
  return compilers.some(has) ? undefined : 'a C++ compiler';
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Whether the folder was configured for this version of the package and a build program that is still there. */
function isConfigured() {
  const file = join(folder, 'CMakeCache.txt');
  const cache = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const hasProgram = !cache.includes('CMAKE_GENERATOR:INTERNAL=Ninja\n') || has('ninja');
  return hasProgram && cache.includes(`QK_VERSION:STRING=${version}\n`);
}

function configure() {
  // CMake refuses to change the build program of a folder.
  rmSync(join(folder, 'CMakeCache.txt'), { force: true });
  const includes = [
    dirname(require.resolve('node-addon-api/package.json')),
    join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
  ];
  const args = [
    '-S',
    root,
    '-B',
    folder,
    ...(has('ninja') ? ['-G', 'Ninja'] : []),
    '-DCMAKE_BUILD_TYPE=Release',
    `-DQK_NODE_INCLUDES=${includes.join(';')}`,
    `-DQK_VERSION=${version}`,
    `-DQK_SANITIZE=${options.sanitize}`,
    ...(options.toolchain === undefined ? [] : [`-DCMAKE_TOOLCHAIN_FILE=${options.toolchain}`]),
  ];
  return run('cmake', args);
}

/** One build of a folder at a time; a lock that nobody removed for ten minutes is taken over. */
async function withLock(body) {
  const lock = `${folder}.lock`;
  mkdirSync(dirname(folder), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const since = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0;
      if (since > 600_000) rmSync(lock, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    return body();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function build() {
  const missing = missingTool();
  if (missing !== undefined) {
    const outcome = existsSync(join(output, addonName))
      ? 'the addon is not built again; the one in place stays'
      : 'the addon is not built; the TypeScript reference is used';
    console.log(`kernels-native: ${missing} was not found, so ${outcome}.`);
    return 0;
  }
  if (!isConfigured()) {
    const configured = configure();
    if (configured.status !== 0) return fail('configuring', configured);
  }
  const built = run('cmake', ['--build', folder, '--target', options.target, '--parallel']);
  if (built.status !== 0) return fail('compiling', built);
  return options.target === 'bitwright_kernels' ? publish() : 0;
}

/**
 * Puts the addon in place in one step, and only when it loads: processes that use the old file keep it, and a failed link
 * never replaces a good build.
 */
function publish() {
  const built = join(folder, addonName);
  const target = join(output, addonName);
  if (existsSync(target) && statSync(target).mtimeMs >= statSync(built).mtimeMs) return 0;
  const isNative = options.toolchain === undefined && options.sanitize === '';
  const loaded = isNative ? run(process.execPath, ['-e', `require(${JSON.stringify(built)})`]) : { status: 0 };
  if (loaded.status !== 0) return fail('loading', loaded);
  mkdirSync(output, { recursive: true });
  copyFileSync(built, `${target}.new`);
  renameSync(`${target}.new`, target);
  return 0;
}

function fail(step, { stdout, stderr }) {
  console.error(`kernels-native: ${step} failed\n${stdout}${stderr}`);
  return 1;
}

process.exitCode = await withLock(build);
