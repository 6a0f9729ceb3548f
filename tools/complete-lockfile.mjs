/**
 * Adds lockfile entries for optional platform packages that the registry used to write the lockfile does not carry.
 *
 * npm leaves such packages out of package-lock.json, and `npm ci` then refuses the lockfile everywhere else. The entries name
 * version, system and processor, without a hash. Run after `npm install`:  node tools/complete-lockfile.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';

const path = process.argv[2] ?? 'package-lock.json';
const lock = JSON.parse(readFileSync(path, 'utf8'));
const added = [];
for (const [where, entry] of Object.entries(lock.packages)) {
  if (where === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const base = where.startsWith('node_modules/') ? where : '';
    // Nearest node_modules upwards that has it.
    let at = base,
      found = false;
    for (;;) {
      if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) {
        found = true;
        break;
      }
      if (at === '') break;
      const cut = at.lastIndexOf('/node_modules/');
      at = cut < 0 ? '' : at.slice(0, cut);
    }
    if (found || !/^\d+\.\d+\.\d+/.test(version)) {
      if (!found) console.log('skipped', where, name, version);
      continue;
    }
    const os = name.includes('windows')
      ? 'win32'
      : ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32', 'aix'].find(
          (o) => name.includes(o),
        );
    const cpu = {
      armv7: 'arm',
      arm64: 'arm64',
      x64: 'x64',
      ia32: 'ia32',
      riscv64: 'riscv64',
      ppc64: 'ppc64',
      s390x: 's390x',
      loong64: 'loong64',
      arm: 'arm',
    };
    const c = /(darwin|windows)-64$/.test(name) ? 'x64' : Object.keys(cpu).find((k) => name.includes(k));
    const libc = name.includes('musl') ? ['musl'] : undefined;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(c ? { cpu: [cpu[c]] } : {}),
      ...(entry.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      ...(entry.license ? { license: entry.license } : {}),
      optional: true,
      ...(os ? { os: [os] } : {}),
      ...(entry.engines ? { engines: entry.engines } : {}),
    };
    added.push(`${name}@${version}`);
  }
}
// Every new entry goes before the first one that sorts after it; the others keep their order.
const keys = Object.keys(lock.packages).filter(
  (key) => !added.some((text) => key === `node_modules/${text.replace(/@[^@]*$/, '')}`),
);
for (const text of added) {
  const key = `node_modules/${text.replace(/@[^@]*$/, '')}`;
  const at = keys.findIndex((other) => other.startsWith('node_modules/') && other.localeCompare(key, 'en') > 0);
  keys.splice(at < 0 ? keys.length : at, 0, key);
}
lock.packages = Object.fromEntries(keys.map((key) => [key, lock.packages[key]]));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`added ${added.length}:`, added.join(' '));
