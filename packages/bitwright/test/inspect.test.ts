import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { tinyClassifierBytes } from './fixture-model';

const shared = resolve(process.env['BITWRIGHT_SHARED'] ?? join(import.meta.dirname, '../../../../shared'));
const realModel = join(shared, 'data/models/resnet20_cifar10.onnx');
const hasReal = existsSync(realModel);

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
  place.write('tiny.onnx', tinyClassifierBytes);
});

afterEach(() => place.remove());

describe('bitwright inspect', () => {
  it('counts operators, parameters, bytes and MACs', async () => {
    const { code, stdout } = await place.run(['inspect', 'tiny.onnx', '--json']);
    expect(code).toBe(0);
    const model = JSON.parse(stdout);
    expect(model.parameters).toBe(216 + 8 + 576 + 40 + 5);
    expect(model.weightBytes).toEqual({ float: 4 * 845 });
    // 8·8 positions · (8·3·9 + 8·8·9) for the convolutions, 8·5 for the head.
    expect(model.macs).toBe(64 * (216 + 576) + 40);
    expect(model.inputs).toEqual([{ name: 'image', type: 'float', dims: ['N', 3, 8, 8] }]);
    expect(model.plan.nodes.find((node: { node: string }) => node.node === 'conv1').decision).toBe('integer');
  });

  it('prints the same for people', async () => {
    const { stdout } = await place.run(['inspect', 'tiny.onnx', '--nodes', '--target', 'ort-x64']);
    for (const text of ['image float[N,3,8,8]', 'logits float[N,5]', '50.7 k per run', 'Conv', 'on ort-x64', 'conv1']) {
      expect(stdout).toContain(text);
    }
  });

  it.skipIf(!hasReal)(`shows what becomes of a real model${hasReal ? '' : ' (skipped: no shared data)'}`, async () => {
    const { code, stdout } = await place.run(['inspect', realModel, '--json', '--target', 'ort-x64']);
    expect(code).toBe(0);
    const model = JSON.parse(stdout);
    const convolutions = model.plan.nodes.filter((node: { opType: string }) => node.opType === 'Conv');
    expect(convolutions.length).toBeGreaterThan(18);
    expect(convolutions.every((node: { decision: string }) => node.decision === 'integer')).toBe(true);
  });
});
