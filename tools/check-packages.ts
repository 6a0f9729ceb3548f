/**
 * What a package looks like from outside: manifest, exports ⇄ built files ⇄ source entries, publint --strict, attw, and no
 * install script. Needs a build. Run: `npm run check:packages`.
 */
import { resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { checkBin, checkExports, isBuilt } from './packages/check-exports';
import { checkTarball } from './packages/check-tarball';
import { checkManifest, type PackageFolder, readPackages } from './packages/manifest';

/** Everything that is wrong with one package, one line or block each. */
export async function checkPackage(folder: PackageFolder): Promise<string[]> {
  const local = [...checkManifest(folder), ...checkBin(folder), ...(await checkExports(folder))];
  const packed = isBuilt(folder) ? await checkTarball(folder) : [];
  return [...local, ...packed].map((problem) => `${folder.folder}: ${problem}`);
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const packages = readPackages(resolve(argv[2] ?? '.'));
  let problems = 0;
  const results = await Promise.all(packages.map(checkPackage));
  for (const [index, found] of results.entries()) {
    for (const line of found) console.error(line);
    problems += found.length;
    if (found.length === 0) console.log(`${packages[index]?.folder}: ok`);
  }
  console.log(`packages: ${packages.length} packages, ${problems} problems`);
  process.exitCode = problems === 0 && packages.length > 0 ? 0 : 1;
}
