import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTarget, tensorrt11 } from '@bitwright/core';
import { convertOpset, encodeModel, type Model } from '@bitwright/onnx';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { float8Codes, layersModelToOnnx, planPlacement, qdqToQOperator, writeQdq } from '../src/index';
import { sampleSpec } from './exporters/sample-spec';
import { specFor } from './spec-for';
import { randomModel } from './tfjs-to-onnx/random-model';
import { residualModel } from './toy-models';

/** The Python that BITWRIGHT_PYTHON names, or python3, where it has the onnx package. */
const python = process.env['BITWRIGHT_PYTHON'] ?? 'python3';
const hasOnnx = spawnSync(python, ['-c', 'import onnx']).status === 0;

/** Operators of onnxruntime's own domain are unknown to the checker; it accepts them without looking. */
const script = `
import sys, onnx
for path in sys.argv[1:]:
    onnx.checker.check_model(onnx.load(path), full_check=True)
print(len(sys.argv) - 1)
`;

function files(): Record<string, Model> {
  const models: Record<string, Model> = {};
  for (let seed = 0; seed < 40; seed++)
    models[`random-${seed}`] = layersModelToOnnx(randomModel(seed), { opset: 13 + (seed % 12) }).model;
  for (const id of ['ort-x64', 'openvino', 'qnn', 'tensorrt-11']) {
    const { model, spec } = sampleSpec(findTarget(id));
    models[id] = writeQdq(model, spec, findTarget(id));
  }
  const { model, spec } = sampleSpec(findTarget('ort-x64'));
  models['qoperator'] = qdqToQOperator(writeQdq(model, spec, findTarget('ort-x64'))).model;
  const raised = convertOpset.run(residualModel(), { target: 21 }).model;
  const symmetric = specFor(raised, planPlacement(raised, { target: tensorrt11 }));
  models['float8'] = writeQdq(raised, symmetric, tensorrt11, { format: float8Codes });
  return models;
}

describe.skipIf(!hasOnnx)(
  `the onnx checker${hasOnnx ? '' : ' (skipped: no Python with onnx; set BITWRIGHT_PYTHON)'}`,
  () => {
    it('accepts what the converters and writers write', () => {
      const folder = mkdtempSync(join(tmpdir(), 'bitwright-checker-'));
      try {
        const paths = Object.entries(files()).map(([name, model]) => {
          const path = join(folder, `${name}.onnx`);
          writeFileSync(path, encodeModel(model));
          return path;
        });
        const { status, stdout, stderr } = spawnSync(python, ['-c', script, ...paths], { encoding: 'utf8' });
        expect(stderr).toBe('');
        expect([status, stdout.trim()]).toEqual([0, String(paths.length)]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
