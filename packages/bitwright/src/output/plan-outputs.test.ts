import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planOutputs } from './plan-outputs';

describe('planOutputs', () => {
  it('puts everything beside the model', () => {
    expect(planOutputs('/models/net.onnx', {}, '/work')).toEqual({
      model: '/models/net.int8.onnx',
      spec: '/models/net.int8.spec.json',
      report: '/models/net.int8.report.json',
    });
  });

  it('takes a name, and names the others after it', () => {
    expect(planOutputs('/models/net.onnx', { output: 'small.onnx', report: '/r.json' }, '/work')).toEqual({
      model: '/work/small.onnx',
      spec: '/work/small.spec.json',
      report: '/r.json',
    });
  });

  it('takes a folder, existing or written as one', () => {
    expect(planOutputs('/models/net.onnx', { output: 'out/' }, '/work').model).toBe('/work/out/net.int8.onnx');
    expect(planOutputs('/models/net.onnx', { output: tmpdir() }, '/work').model).toBe(join(tmpdir(), 'net.int8.onnx'));
  });
});
