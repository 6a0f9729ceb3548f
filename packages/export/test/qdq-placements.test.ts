import { join } from 'node:path';
import { findTarget } from '@bitwright/core';
import { assertValidModel, findDataType, type Model, tensorToArray } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { planPlacement, readQdq, writeQdq } from '../src/index';
import { sampleSpec } from './exporters/sample-spec';
import { run } from './runtime';
import { specFor } from './spec-for';
import { residualModel } from './toy-models';

/** Targets that read QDQ graphs; each has its own idea of where quantizers go. */
const qdqTargets = [
  'ort-x64',
  'ort-x64-avx2',
  'ort-x64-vnni',
  'ort-arm64',
  'ort-web',
  'openvino',
  'qnn',
  'tensorrt-10',
  'tensorrt-11',
];

/** The graph as text: one node a line, then the constants with type, shape and first values. */
function graphText(model: Model): string {
  const { node = [], initializer = [] } = model.graph ?? {};
  const nodes = node.map(({ opType, input, output }) => `${output.join(', ')} = ${opType}(${input.join(', ')})`);
  const constants = initializer.map((tensor) => {
    const values = Array.from(tensorToArray(tensor) as ArrayLike<number>).slice(0, 4);
    const shown = values.map((value) => Number(value.toPrecision(6))).join(', ');
    return `${tensor.name}: ${findDataType(tensor.dataType)?.name} [${tensor.dims.join(',')}] ${shown}${tensor.dims.length > 0 ? ' …' : ''}`;
  });
  return `${[...nodes, '', ...constants].join('\n')}\n`;
}

describe('writeQdq, target by target', () => {
  for (const id of qdqTargets) {
    it(`places quantizers as ${id} wants them`, async () => {
      const { model, spec } = sampleSpec(findTarget(id));
      const qdq = writeQdq(model, spec, findTarget(id));
      assertValidModel(qdq);
      await expect(graphText(qdq)).toMatchFileSnapshot(join(import.meta.dirname, '__fixtures__', 'qdq', `${id}.txt`));
      // It runs, near the float network, and its codes survive reading and writing.
      const dims = [2, 4, 8, 8];
      const [float, quantized] = [(await run(model, dims))['logits']!, (await run(qdq, dims, 'disabled'))['logits']!];
      const largest = Math.max(...float.map(Math.abs));
      // Eleven quantizers, half a step of at most 24/255 each.
      expect(Math.max(...float.map((v, i) => Math.abs(v - quantized[i]!)))).toBeLessThan(0.2 * Math.max(largest, 1));
      const read = readQdq(qdq, id);
      const again = (await run(writeQdq(read.model, read.spec, findTarget(id)), dims, 'disabled'))['logits']!;
      expect([...again]).toEqual([...quantized]);
    });
  }

  it('leaves everything in float for a target without integer kernels', () => {
    const target = findTarget('ort-web-webgpu');
    const model = residualModel();
    const placement = planPlacement(model, { target });
    expect(placement.activations.size).toBe(0);
    expect(graphText(writeQdq(model, specFor(model, placement), target))).toBe(graphText(model));
  });
});
