import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadNativeBackend, nativeInfo, tryLoadNativeBackend } from '../src/index';
import { diagnose } from '../src/loader/diagnose';
import { hasPrebuilt, platformName } from '../src/loader/platform';
import { nativeBackends } from './native-contexts';

const { backends, skipped } = nativeBackends();

describe('loading the addon', () => {
  it('knows the platforms that packages are made for', () => {
    const platforms = JSON.parse(readFileSync(new URL('../npm/platforms.json', import.meta.url), 'utf8')) as object;
    for (const platform of Object.keys(platforms)) expect(hasPrebuilt(platform)).toBe(true);
    expect(hasPrebuilt('linux-x64-musl')).toBe(false);
    expect(platformName()).toMatch(/^[a-z0-9]+-[a-z0-9]+/);
  });

  it('lists what was tried and how to fix it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitwright-'));
    const path = join(folder, 'broken.node');
    writeFileSync(path, 'not an addon');
    const loaded = tryLoadNativeBackend({ path });
    rmSync(folder, { recursive: true });
    if (!('error' in loaded)) throw new Error('it loaded');
    expect(loaded.error.code).toBe('ERR_NATIVE_ADDON');
    expect(loaded.error.message).toContain(path);
    expect(loaded.error.message).toContain('Fix: pass the path of an addon built from this version');
  });

  it('says what to do about versions that differ', () => {
    const attempts = [{ source: 'x.node', reason: 'it is version 1.0.0, this package is 2.0.0' }];
    expect(diagnose(attempts, false).hint).toContain('so that both versions agree');
  });

  it('says what to do about a file for another system', () => {
    const attempts = [{ source: 'x.node', reason: "version `GLIBC_2.38' not found" }];
    expect(diagnose(attempts, false).hint).toContain('does not fit this system');
  });
});

describe.skipIf(backends.length === 0)(`the loaded addon${skipped}`, () => {
  afterEach(() => vi.unstubAllEnvs());

  it('refuses instruction sets that are unknown or not there', () => {
    expect(() => loadNativeBackend({ isa: 'mmx' })).toThrow(/an instruction set of this machine \(scalar/);
    vi.stubEnv('QK_MAX_ISA', 'avx9000');
    expect(() => loadNativeBackend()).toThrow(/QK_MAX_ISA/);
  });

  it('takes the instruction set from the environment', () => {
    vi.stubEnv('QK_MAX_ISA', 'scalar');
    expect(loadNativeBackend().isa).toBe('scalar');
  });

  it('refuses numbers of threads that are none', () => {
    for (const threads of [0, 1.5, 1025, Number.NaN]) {
      expect(() => loadNativeBackend({ threads })).toThrow(/threads as an integer/);
    }
  });

  it('tells what each operation uses', () => {
    const info = nativeInfo({ isa: 'scalar', threads: 1 });
    expect(info).toMatchObject({ isa: 'scalar', threads: 1 });
    expect(info.isas).toContain('scalar');
    expect(new Set(Object.values(info.operations))).toEqual(new Set(['scalar']));
    expect(nativeInfo().operations['minmax_f32_run']).toBe(
      info.isas.filter((isa) => ['scalar', 'avx2', 'neon'].includes(isa)).at(-1),
    );
  });

  it('runs in worker threads, and they end with their contexts', async () => {
    const path = nativeInfo().source;
    const code = `
      const { parentPort } = require('node:worker_threads');
      const addon = require(${JSON.stringify(path)});
      const context = addon.createContext('scalar', 3);
      const [min, max, bad] = [new Float32Array(1), new Float32Array(1), new Float64Array(1)];
      const x = new Float32Array(300000).map((_, i) => i);
      const status = addon.minMax(context, 0, x.length, 1, 1, 1, x, min, max, bad);
      parentPort.postMessage([status, min[0], max[0]]);`;
    const run = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const worker = new Worker(code, { eval: true });
        let answer: unknown;
        worker.on('message', (message) => {
          answer = message;
        });
        worker.on('error', reject);
        worker.on('exit', (exit) => (exit === 0 ? resolve(answer) : reject(new Error(`exit ${exit}`))));
      });
    expect(await Promise.all([run(), run(), run()])).toEqual(Array(3).fill([0, 0, 299999]));
  });
});
