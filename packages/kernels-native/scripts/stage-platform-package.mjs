/**
 * Makes the npm package of one platform from npm/platforms.json and a built addon, ready for `npm publish`.
 *
 *   node scripts/stage-platform-package.mjs linux-x64-gnu [--addon build/Release/bitwright_kernels.node]
 *       writes build/npm/linux-x64-gnu/{package.json,bitwright_kernels.node,README.md,LICENSE}
 *   node scripts/stage-platform-package.mjs --optional-dependencies
 *       writes the platform packages, at this version, into optionalDependencies of package.json: part of a release, not committed,
 *       because a lock file cannot hold packages that do not exist yet
 *
 * No package has an install script: the loader finds the file through the platform package's `main`.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const addonName = 'bitwright_kernels.node';
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

const manifestPath = join(root, 'package.json');
const manifest = readJson(manifestPath);
const platforms = readJson(join(root, 'npm', 'platforms.json'));
const packageName = (platform) => `${manifest.name}-${platform}`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    addon: { type: 'string', default: join(root, 'build', 'Release', addonName) },
    'optional-dependencies': { type: 'boolean', default: false },
  },
});

if (options['optional-dependencies']) listPlatforms();
else process.exitCode = stage(positionals[0]);

function listPlatforms() {
  const names = Object.keys(platforms).map(packageName);
  writeJson(manifestPath, {
    ...manifest,
    optionalDependencies: Object.fromEntries(names.map((name) => [name, manifest.version])),
  });
}

function stage(platform) {
  if (platform === undefined || !Object.hasOwn(platforms, platform)) {
    console.error(`usage: stage-platform-package.mjs <${Object.keys(platforms).join(' | ')}> [--addon FILE]`);
    return 2;
  }
  const addon = resolve(options.addon);
  if (!existsSync(addon)) {
    console.error(`stage-platform-package: ${addon} does not exist; build it first`);
    return 1;
  }
  const folder = join(root, 'build', 'npm', platform);
  mkdirSync(folder, { recursive: true });
  const { version, license, engines, repository } = manifest;
  writeJson(join(folder, 'package.json'), {
    name: packageName(platform),
    version,
    description: `The addon of ${manifest.name} for ${platform}.`,
    license,
    engines,
    repository,
    main: `./${addonName}`,
    files: [addonName],
    preferUnplugged: true,
    ...platforms[platform],
  });
  const readme = `# ${packageName(platform)}\n\nThe addon of [${manifest.name}](https://www.npmjs.com/package/${manifest.name}) for ${platform}. Installed with it; nothing to import here.\n`;
  writeFileSync(join(folder, 'README.md'), readme);
  copyFileSync(addon, join(folder, addonName));
  copyFileSync(join(root, '..', '..', 'LICENSE'), join(folder, 'LICENSE'));
  console.log(`stage-platform-package: ${folder}`);
  return 0;
}
