import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import type { ExportTarget, PackageFolder } from './manifest';

/** The five files of one entry of `exports`. */
const layout = (name: string, source: string): ExportTarget => ({
  '@bitwright/source': source,
  import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
  require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
});

/** Whether a package has been built at all; without, every other check says the same in many ways. */
export function isBuilt({ path }: Pick<PackageFolder, 'path'>): boolean {
  return existsSync(join(path, 'dist'));
}

/**
 * `exports` ⇄ built files ⇄ source entries: every entry has its source and its four built files, every built entry is
 * exported, and ESM, CommonJS and the hand-written list in the source offer the same names.
 */
export async function checkExports({ path, manifest }: PackageFolder): Promise<string[]> {
  if (!isBuilt({ path })) return ['dist/ is missing. Run: npm run build'];
  const problems: string[] = [];
  const exported = new Set<string>();

  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    if (subpath === './package.json') continue;
    const name = subpath === '.' ? 'index' : subpath.slice(2);
    exported.add(name);
    const source = sourceOf(target);
    if (JSON.stringify(target) !== JSON.stringify(layout(name, source ?? './src/…'))) {
      problems.push(`exports["${subpath}"]: expected, in this order, ${JSON.stringify(layout(name, './src/…'))}`);
      continue;
    }
    const missing = leaves(target).filter((file) => !existsSync(join(path, file)));
    for (const file of missing) problems.push(`exports["${subpath}"]: ${file} does not exist`);
    if (missing.length > 0 || source === undefined) continue;
    problems.push(...(await compareNames(path, name, source)));
  }
  for (const name of builtEntries(join(path, 'dist'))) {
    if (!exported.has(name)) problems.push(`dist/${name}.js is built but not in exports`);
  }
  return problems;
}

/** `bin` files: they exist and start with a Node shebang. */
export function checkBin({ path, manifest }: PackageFolder): string[] {
  return Object.entries(manifest.bin ?? {}).flatMap(([command, file]) => {
    if (!existsSync(join(path, file))) return [`bin.${command}: ${file} does not exist`];
    const shebang = readFileSync(join(path, file), 'utf8').startsWith('#!/usr/bin/env node\n');
    return shebang ? [] : [`bin.${command}: ${file} does not start with #!/usr/bin/env node`];
  });
}

/** Value names a source file exports by hand; `undefined` where it says `export *`. */
export function listedNames(source: string): string[] | undefined {
  const names: string[] = [];
  for (const statement of ts.createSourceFile('index.ts', source, ts.ScriptTarget.ESNext).statements) {
    if (ts.isExportDeclaration(statement)) {
      if (statement.isTypeOnly) continue;
      const clause = statement.exportClause;
      if (clause === undefined || !ts.isNamedExports(clause)) return undefined;
      names.push(...clause.elements.filter((element) => !element.isTypeOnly).map((element) => element.name.text));
    } else if (ts.canHaveModifiers(statement) && isExportedValue(statement)) {
      if (ts.isVariableStatement(statement)) {
        names.push(...statement.declarationList.declarations.map((d) => (d.name as ts.Identifier).text));
      } else names.push((statement as ts.FunctionDeclaration).name?.text ?? 'default');
    }
  }
  return names.sort();
}

// — internals —

function sourceOf(target: ExportTarget): string | undefined {
  const source = typeof target === 'string' ? undefined : target['@bitwright/source'];
  return typeof source === 'string' ? source : undefined;
}

function leaves(target: ExportTarget): string[] {
  return typeof target === 'string' ? [target] : Object.values(target).flatMap(leaves);
}

/** Names tsup built as entries: they have declarations for both formats, which shared chunks have not. */
function builtEntries(dist: string): string[] {
  const files = new Set(readdirSync(dist));
  return [...files]
    .filter((file) => file.endsWith('.js') && !file.startsWith('chunk-'))
    .map((file) => file.slice(0, -3))
    .filter((name) => files.has(`${name}.cjs`) && files.has(`${name}.d.ts`) && files.has(`${name}.d.cts`));
}

async function compareNames(path: string, name: string, source: string): Promise<string[]> {
  const listed = listedNames(readFileSync(join(path, source), 'utf8'));
  if (listed === undefined) return [`${source}: export * hides the public names; list them`];
  const esm = await import(pathToFileURL(join(path, 'dist', `${name}.js`)).href);
  const cjs = createRequire(join(path, 'package.json'))(join(path, 'dist', `${name}.cjs`));
  return [
    ...difference(`dist/${name}.js`, Object.keys(esm), source, listed),
    ...difference(`dist/${name}.cjs`, Object.keys(cjs), source, listed),
  ];
}

function difference(built: string, has: readonly string[], source: string, listed: readonly string[]): string[] {
  const missing = listed.filter((name) => !has.includes(name));
  const extra = has.filter((name) => !listed.includes(name));
  if (missing.length + extra.length === 0) return [];
  return [`${built} and ${source} differ: missing [${missing}], not listed [${extra}]. Run: npm run build`];
}

function isExportedValue(statement: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return false;
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false;
}
