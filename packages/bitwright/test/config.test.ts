import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { imagesNpy } from './fixture-data';
import { tinyClassifierBytes } from './fixture-model';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
  place.write('calib.npy', imagesNpy(40));
});

afterEach(() => place.remove());

/** Target of a plan, which shows which setting won. */
async function plannedTarget(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, stdout, stderr } = await place.run(['inspect', 'tiny.onnx', '--json', ...args], { env });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout).plan.target;
}

describe('the config file', () => {
  it.each([
    ['bitwright.config.json', '{ "target": "ort-web" }'],
    ['bitwright.config.mjs', 'export default { target: "ort-web" };'],
    ['bitwright.config.ts', 'interface C { target: string }\nexport default { target: "ort-web" } satisfies C;'],
  ])('%s is found in the current folder', async (name, text) => {
    place.write(name, text);
    expect(await plannedTarget()).toBe('ort-web');
  });

  it('gives way to the environment, and that to flags', async () => {
    place.write('bitwright.config.json', '{ "target": "ort-web" }');
    expect(await plannedTarget([], { BITWRIGHT_TARGET: 'ort-arm64' })).toBe('ort-arm64');
    expect(await plannedTarget(['--target', 'ort-x64'], { BITWRIGHT_TARGET: 'ort-arm64' })).toBe('ort-x64');
  });

  it('may hold a section for one command, which wins over the shared keys', async () => {
    place.write('bitwright.config.json', '{ "target": "ort-web", "samples": 8, "inspect": { "target": "ort-arm64" } }');
    expect(await plannedTarget()).toBe('ort-arm64');
    place.write('bitwright.config.json', '{ "target": "ort-web", "quantize": { "target": "ort-arm64" } }');
    expect(await plannedTarget()).toBe('ort-web');
  });

  it('is left alone with --no-config, and another one is taken with --config', async () => {
    place.write('bitwright.config.json', 'broken');
    expect(await plannedTarget(['--no-config', '--target', 'ort-x64'])).toBe('ort-x64');
    mkdirSync(join(place.folder, 'other'));
    place.write('other/web.json', '{ "target": "ort-web" }');
    expect(await plannedTarget(['--config', 'other/web.json'])).toBe('ort-web');
  });

  it('gives paths from its own folder', async () => {
    mkdirSync(join(place.folder, 'other'));
    place.write('other/bitwright.config.json', '{ "data": "../calib.npy", "output": "small.onnx" }');
    const { code, stdout } = await place.run([
      'quantize',
      'tiny.onnx',
      '--config',
      'other/bitwright.config.json',
      '--dry-run',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).files.model).toBe(join('other', 'small.onnx'));
  });

  it.each([
    ['{ "tarqet": "ort-web" }', /bitwright\.config\.json: expected keys among .*target.* received "tarqet"/],
    ['{ "inspect": { "samples": 3 } }', /bitwright\.config\.json: inspect: expected keys among .* received "samples"/],
    ['{ "force": true }', /received "force"\.\n {2}fix: --force is for the command line only/],
    ['{ "target": 3 }', /bitwright\.config\.json: target: expected a string/],
    ['[]', /expected an object of options/],
    ['{', /expected bitwright\.config\.json to load/],
  ])('is refused as %s', async (text, message) => {
    place.write('bitwright.config.json', text);
    const { code, stderr } = await place.run(['inspect', 'tiny.onnx']);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('is refused when it throws, exports nothing, is missing or is there twice', async () => {
    place.write('bitwright.config.mjs', 'throw new Error("boom");');
    expect((await place.run(['inspect', 'tiny.onnx'])).stderr).toMatch(/bitwright\.config\.mjs to load, received boom/);
    place.write('empty.mjs', 'export const x = 1;');
    const empty = await place.run(['inspect', 'tiny.onnx', '--config', 'empty.mjs']);
    expect(empty.stderr).toMatch(/empty\.mjs: expected an object of options, received no default export/);
    expect((await place.run(['inspect', 'tiny.onnx', '--config', 'no.json'])).stderr).toMatch(
      /a config file at no\.json/,
    );
    place.write('bitwright.config.json', '{}');
    const twice = await place.run(['inspect', 'tiny.onnx']);
    expect(twice.stderr).toMatch(
      /one config file in this folder, received bitwright\.config\.mjs, bitwright\.config\.json/,
    );
    expect(twice.code).toBe(2);
  });
});
