import { createHash } from 'node:crypto';
import { findTarget } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { exporters } from '../../src/exporters';
import { sampleSpec } from './sample-spec';

const targetOf: Readonly<Record<string, string>> = { 'nnie-gfpq': 'tensorrt-10', 'ascend-record': 'ascend' };
const isText = (path: string): boolean => /\.(json|cache|table|scale|txt|cfg|encodings)$/.test(path);

/**
 * Files of the residual network, as they were when they were last looked at: a change of a byte is a change of a format, and
 * should be seen. Update with `vitest -u` after checking the new files against the format.
 */
describe('golden files', () => {
  const cases = exporters
    .filter(({ id }) => !id.startsWith('onnx-'))
    .flatMap((exporter) => exporter.versions.map((version) => [exporter.id, version, exporter] as const));

  it.each(cases)('%s %s', async (id, version, exporter) => {
    const target = findTarget(targetOf[id] ?? exporter.targets[0] ?? 'ort-x64');
    const { model, spec } = sampleSpec(target);
    const parts = exporter.write(spec, model, { version }).map(({ path, bytes }) => {
      if (isText(path)) return `--- ${path}\n${new TextDecoder().decode(bytes)}`;
      return `--- ${path}\n${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}\n`;
    });
    await expect(parts.join('')).toMatchFileSnapshot(`./__fixtures__/${id}-${version}.txt`);
  });
});
