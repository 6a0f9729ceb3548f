import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env, execPath } from 'node:process';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { PackageFolder } from './manifest';

const run = promisify(execFile);

/** Packs a package as npm would publish it, and has publint (strict), attw and the file list judge the tarball. */
export async function checkTarball(folder: PackageFolder): Promise<string[]> {
  const destination = await mkdtemp(join(tmpdir(), 'bitwright-pack-'));
  try {
    const { tarball, files } = await pack(folder.path, destination);
    const [lint, types] = await Promise.all([runPublint(tarball), runAttw(tarball)]);
    return [...checkFiles(files), ...lint, ...types];
  } finally {
    await rm(destination, { recursive: true });
  }
}

// — internals —

interface Packed {
  readonly tarball: string;
  readonly files: readonly string[];
}

async function pack(path: string, destination: string): Promise<Packed> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const npm = env['npm_execpath'];
  const { stdout } =
    npm?.endsWith('.js') === true
      ? await run(execPath, [npm, ...args], { cwd: path })
      : await run('npm', args, { cwd: path, shell: process.platform === 'win32' });
  // An array before npm 12, an object by package name from npm 12 on.
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string; files: { path: string }[] }>);
  if (packed === undefined) throw new Error(`npm pack printed no package for ${path}: ${stdout}`);
  return { tarball: join(destination, packed.filename), files: packed.files.map((file) => file.path) };
}

function checkFiles(files: readonly string[]): string[] {
  const problems = files
    .filter((file) => /\.test(-d)?\.ts$|(^|\/)(__fixtures__|test|node_modules)\//.test(file))
    .map((file) => `tarball: ${file} is published`);
  for (const wanted of ['README.md', 'LICENSE']) {
    if (!files.includes(wanted)) problems.push(`tarball: ${wanted} is missing`);
  }
  return problems;
}

async function runPublint(tarball: string): Promise<string[]> {
  const bytes = await readFile(tarball);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  return messages.map((message) => `publint ${message.code}: ${formatMessage(message, pkg, { color: false })}`);
}

/** The command rather than the core library: its rules and wording are what people know from its site. */
async function runAttw(tarball: string): Promise<string[]> {
  const manifest = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json');
  const command = join(dirname(manifest), 'dist', 'index.js');
  const flags = ['--profile', 'node16', '--format', 'ascii', '--no-emoji', '--no-color', '--no-definitely-typed'];
  try {
    await run(execPath, [command, tarball, ...flags]);
    return [];
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return [`attw: ${`${stdout ?? ''}${stderr ?? ''}`.trim() || String(error)}`];
  }
}
