import { RuntimeError } from '@bitwright/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
});

afterEach(() => place.remove());

describe('bitwright doctor', () => {
  it('lists versions, the processor and memory', async () => {
    const { code, stdout, stderr } = await place.run(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const label of [
      'bitwright',
      'node',
      'onnxruntime-node',
      'sharp',
      'npm',
      'cpu',
      'features',
      'memory',
      'target',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${label} +\\S`, 'm'));
    }
    expect(stdout).toMatch(/^ {2}native kernels: (none|\w+ \(of scalar)/m);
    const json = JSON.parse((await place.run(['doctor', '--json'])).stdout);
    expect(json.parts[0]).toMatchObject({ name: 'node', version: process.versions.node });
    expect(json.memory.totalBytes).toBeGreaterThan(1e8);
  });

  it('fails and says what to run when the runtime is missing', async () => {
    const loadRuntime = () =>
      Promise.reject(new RuntimeError({ operation: 'x', expected: 'onnxruntime', received: 'Cannot find package' }));
    const { code, stdout, stderr } = await place.run(['doctor'], { dependencies: { loadRuntime } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/onnxruntime-node +MISSING/);
    expect(stderr).toMatch(
      /^warning: onnxruntime-node is needed and cannot be used .* Fix: npm install onnxruntime-node/,
    );
  });
});
