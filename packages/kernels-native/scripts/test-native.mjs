/**
 * Builds the C++ tests and runs them.
 *
 *   node scripts/test-native.mjs [release | address | thread | arm64] [tier] [part of a test's name]
 *
 *   release  as shipped, on every instruction set of this machine
 *   address  with AddressSanitizer and UndefinedBehaviorSanitizer
 *   thread   with ThreadSanitizer
 *   arm64    cross-compiled, under qemu-user (Debian: g++-aarch64-linux-gnu, qemu-user-static)
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const arm64Tools = {
  compiler: 'aarch64-linux-gnu-g++',
  emulator: 'qemu-aarch64-static',
  libraries: '/usr/aarch64-linux-gnu',
};
const variants = {
  release: { folder: 'Release', build: [], run: [] },
  address: { folder: 'address', build: ['--sanitize', 'address'], run: [] },
  thread: { folder: 'thread', build: ['--sanitize', 'thread'], run: [] },
  arm64: {
    folder: 'arm64',
    build: ['--folder', 'arm64', '--toolchain', join(root, 'cmake', 'aarch64-linux-gnu.cmake')],
    run: [arm64Tools.emulator, '-L', arm64Tools.libraries],
  },
};

const [variant = 'release', ...filters] = process.argv.slice(2);
const chosen = Object.hasOwn(variants, variant) ? variants[variant] : undefined;

function run(program, args) {
  return spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

function isInstalled(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

function main() {
  if (chosen === undefined) {
    console.error(`usage: test-native.mjs [${Object.keys(variants).join(' | ')}] [tier] [part of a test's name]`);
    return 2;
  }
  if (variant === 'arm64' && !(isInstalled(arm64Tools.compiler) && isInstalled(arm64Tools.emulator))) {
    console.log(
      `kernels-native: ${arm64Tools.compiler} or ${arm64Tools.emulator} was not found: arm64 is NOT tested here.`,
    );
    return 0;
  }
  const built = run(process.execPath, ['scripts/build-native.mjs', ...chosen.build, '--target', 'qk_tests']);
  const tests = join(root, 'build', 'cmake', chosen.folder, 'qk_tests');
  if (built !== 0 || !existsSync(tests)) return built;
  const [program, ...args] = [...chosen.run, tests, ...filters];
  return run(program, args);
}

process.exitCode = main();
