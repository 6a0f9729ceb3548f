import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const isWanted = process.env['BITWRIGHT_BIG'] === '1';
const script = join(dirname(fileURLToPath(import.meta.url)), 'rewrite-big-model.ts');

interface StepResult {
  readonly result: number;
  readonly startBytes: number;
  readonly peakBytes: number;
  readonly tensorBytes: number;
}

function run(step: string, folder: string): StepResult {
  const flags = ['--conditions=@bitwright/source', '--import=tsx'];
  const output = execFileSync(process.execPath, [...flags, script, step, folder], { encoding: 'utf8' });
  process.stderr.write(`${step}: ${output}`);
  return JSON.parse(output) as StepResult;
}

describe.skipIf(!isWanted)('a model of 2.5 GB (opt in with BITWRIGHT_BIG=1, needs 5 GB of disk)', () => {
  it('is read, edited and written with at most two copies of one tensor in memory', { timeout: 600_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitwright-big-'));
    try {
      expect(run('generate', folder).result).toBeGreaterThanOrEqual(2_500_000_000);
      const rewritten = run('rewrite', folder);
      expect(rewritten.result).toBeLessThan(2_320_000_000);
      expect(rewritten.peakBytes - rewritten.startBytes).toBeLessThan(2 * rewritten.tensorBytes);
      expect(run('check', folder).result).toBe(3);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
