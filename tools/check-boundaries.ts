/**
 * Who may import whom. Fails with the arrow that broke: `packages/core/src/x.ts:3 → onnxruntime-node: …`.
 *
 * Run: `npm run check:boundaries`. The rules are data: boundaries/package-rules.ts (arrows between packages) and
 * boundaries/layer-rules.ts (arrows inside one package).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { findCycles } from './boundaries/find-cycles';
import { layerRules } from './boundaries/layer-rules';
import { endsOfArrows, fencedModules, type PackageRule, packageRules } from './boundaries/package-rules';
import { type ModuleImport, readImports } from './boundaries/read-imports';

/** One package of the workspace, as far as imports are concerned. */
interface Workspace {
  /** `packages/core`. */
  readonly folder: string;
  readonly name: string;
  /** Subpaths in `exports`: `.`, `./node`. */
  readonly entries: readonly string[];
  /** Names in dependencies, optionalDependencies and peerDependencies. */
  readonly declared: ReadonlySet<string>;
}

/** Result of one run over a tree. */
export interface BoundaryReport {
  readonly files: number;
  /** One line per broken arrow, sorted. */
  readonly violations: readonly string[];
}

/** Checks every source and test file below `packages/*` and `apps/*` of a repository. */
export function checkBoundaries(root: string): BoundaryReport {
  const workspaces = readWorkspaces(root);
  const violations: string[] = [];
  const valueImports = new Map<string, string[]>();
  let files = 0;

  for (const workspace of workspaces) {
    const rule = packageRules[workspace.folder];
    if (rule === undefined) {
      violations.push(`${workspace.folder}: not on the plan. Add its arrows to tools/boundaries/package-rules.ts`);
      continue;
    }
    for (const file of listSources(root, workspace.folder)) {
      files++;
      const edges: string[] = [];
      valueImports.set(file, edges);
      for (const found of readImports(file, readFileSync(join(root, file), 'utf8'))) {
        const at = `${file}:${found.line} →`;
        if (found.specifier.startsWith('.')) {
          const to = resolveRelative(root, file, found.specifier);
          const why = judgeRelative(file, to, workspace);
          if (why !== undefined) violations.push(`${at} ${to}: ${why}`);
          if (!found.typeOnly) edges.push(to);
          continue;
        }
        const why = judgeBare(file, found, workspace, rule, workspaces);
        if (why !== undefined) violations.push(`${at} ${found.specifier}: ${why}`);
      }
    }
  }
  for (const cycle of findCycles(valueImports)) {
    violations.push(`${[...cycle, cycle[0]].join(' → ')}: import cycle`);
  }
  return { files, violations: violations.sort() };
}

// — internals —

const sourceFolders = ['src', 'test', 'bin', 'scripts', 'bench'];
const sourceFile = /\.[cm]?[jt]sx?$/;
const builtins = new Set(builtinModules);

function readWorkspaces(root: string): Workspace[] {
  return ['packages', 'apps'].flatMap((parent) => {
    if (!existsSync(join(root, parent))) return [];
    return readdirSync(join(root, parent)).flatMap((name) => {
      const folder = `${parent}/${name}`;
      const manifestPath = join(root, folder, 'package.json');
      if (!existsSync(manifestPath)) return [];
      const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Record<string, Record<string, unknown>>;
      const lists = [manifest['dependencies'], manifest['optionalDependencies'], manifest['peerDependencies']];
      return {
        folder,
        name: String(manifest['name']),
        entries: Object.keys(manifest['exports'] ?? { '.': true }),
        declared: new Set(lists.flatMap((list) => Object.keys(list ?? {}))),
      };
    });
  });
}

function listSources(root: string, folder: string): string[] {
  return sourceFolders.flatMap((part) => {
    const base = join(root, folder, part);
    if (!existsSync(base)) return [];
    return readdirSync(base, { recursive: true, encoding: 'utf8' })
      .filter((file) => sourceFile.test(file) && !basename(file).startsWith('.'))
      .map((file) => `${folder}/${part}/${file.split(sep).join('/')}`)
      .sort();
  });
}

/** The file an extensionless relative import means; what does not exist yet (dist/) keeps its written path. */
function resolveRelative(root: string, from: string, specifier: string): string {
  const base = resolve(root, dirname(from), specifier);
  const candidates = [base, `${base}.ts`, `${base}.tsx`, `${base}.mjs`, `${base}.js`, join(base, 'index.ts')];
  const hit = candidates.find((path) => sourceFile.test(path) && existsSync(path)) ?? base;
  return relative(root, hit).split(sep).join('/');
}

/** Tests and measurements use a package from outside: they may also import it by its name. */
function isTest(file: string): boolean {
  if (file.endsWith('.test.ts') || file.endsWith('.test-d.ts')) return true;
  return ['test', 'bench'].includes(file.split('/')[2] ?? '');
}

function judgeRelative(from: string, to: string, workspace: Workspace): string | undefined {
  if (!to.startsWith(`${workspace.folder}/`)) return 'leaves its package; import the other package by its name';
  if (isTest(from)) return undefined;
  if (isTest(to)) return 'source never imports tests';
  if (to.includes('/src/testing/') && !from.includes('/src/testing/')) return 'nothing imports testing/';
  for (const rule of layerRules) {
    if (!isBelow(from, rule.from)) continue;
    if (rule.never === 'outside') {
      if (!isBelow(to, rule.from)) return rule.because;
      continue;
    }
    if (rule.never.some((path) => isBelow(to, path) && !isBelow(from, path))) return rule.because;
  }
  return undefined;
}

function isBelow(file: string, path: string): boolean {
  return path.endsWith('/') ? file.startsWith(path) : file === path;
}

function judgeBare(
  file: string,
  { specifier }: ModuleImport,
  workspace: Workspace,
  rule: PackageRule,
  workspaces: readonly Workspace[],
): string | undefined {
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  const bareName = name.replace(/^node:/, '');
  if (specifier.startsWith('node:') || builtins.has(bareName)) return judgeBuiltin(file, workspace, rule);

  const other = workspaces.find((candidate) => candidate.name === name);
  if (other !== undefined) return judgeWorkspace(file, specifier, workspace, rule, other);
  if (isTest(file)) return undefined;
  const fence = fencedModules.find((candidate) => candidate.name.test(name));
  if (fence !== undefined && !fence.only.some((path) => isBelow(file, path)))
    return `only ${fence.only[0]} may know ${fence.title}`;
  if (!file.startsWith(`${workspace.folder}/src/`) && !file.startsWith(`${workspace.folder}/bin/`)) return undefined;
  if (rule.npm === 'none') return `${workspace.name} imports nothing from npm`;
  if (!workspace.declared.has(name)) return `not declared in ${workspace.folder}/package.json`;
  return undefined;
}

function judgeBuiltin(file: string, workspace: Workspace, rule: PackageRule): string | undefined {
  if (rule.node === 'any' || isTest(file) || !file.startsWith(`${workspace.folder}/src/`)) return undefined;
  const allowed = rule.node === 'none' ? [] : rule.node;
  if (allowed.some((prefix) => file.startsWith(`${workspace.folder}/${prefix}`))) return undefined;
  const where = allowed.length === 0 ? '' : ` outside ${allowed.join(', ')}`;
  return `${workspace.name} also runs in a browser, so it uses no Node module${where}`;
}

function judgeWorkspace(
  file: string,
  specifier: string,
  workspace: Workspace,
  rule: PackageRule,
  other: Workspace,
): string | undefined {
  const subpath = `.${specifier.slice(other.name.length)}`;
  if (!other.entries.includes(subpath)) return `deep import; ${other.name} exports ${other.entries.join(', ')}`;
  if (other === workspace) return isTest(file) ? undefined : 'a package imports itself by relative paths';
  if (endsOfArrows.includes(other.name)) return `nothing imports ${other.name}`;
  if (rule.packages !== 'any' && !rule.packages.includes(other.name)) {
    const may = rule.packages.length === 0 ? 'no other package' : `only ${rule.packages.join(', ')}`;
    return `${workspace.name} may import ${may}`;
  }
  // A conformance suite may build on another package's suites.
  const isSuite = file.startsWith(`${workspace.folder}/src/testing/`);
  if (subpath === './testing' && !isTest(file) && !isSuite) return 'testing/ is for tests';
  return undefined;
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const report = checkBoundaries(resolve(argv[2] ?? '.'));
  for (const line of report.violations) console.error(line);
  console.log(`boundaries: ${report.files} files, ${report.violations.length} broken arrows`);
  process.exitCode = report.violations.length === 0 && report.files > 0 ? 0 : 1;
}
