/**
 * The demo: a small real classifier becomes an int8 model, and everything claimed about it is measured on the exported file.
 * Run with `npm run demo`. Writes the int8 model, the spec and the report to demo-output/ (or the folder given as argument).
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { specToJson } from '@bitwright/core';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import { formatReport, quantizeModel } from '@bitwright/ptq';
import { loadDigits } from './digits.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = process.argv[2] ?? join(here, '../../demo-output');
const start = performance.now();

const bytes = await readFile(join(here, 'model.onnx'));
const { calibration, test, shape } = loadDigits();

/** Samples as the toolkit takes them: batches of rows, readable again and again. */
const sampleSource = ({ images, count }, description) => ({
  length: count,
  description,
  async *batches(batchSize) {
    const size = shape.reduce((product, d) => product * d, 1);
    for (let first = 0; first < count; first += batchSize) {
      const rows = Math.min(batchSize, count - first);
      const data = images.subarray(first * size, (first + rows) * size);
      yield { image: { type: 'float32', data, dims: [rows, ...shape] } };
    }
  },
});

const { model, spec, report } = await quantizeModel(decodeModel(bytes), {
  name: 'digits classifier',
  calibration: sampleSource(calibration, `${calibration.count} distorted MNIST digits`),
  evaluation: { samples: sampleSource(test, `${test.count} test digits`), labels: test.labels },
});

console.log(formatReport(report));

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const files = {
  'digits.int8.onnx': encodeModel(model),
  'digits.int8.spec.json': specToJson(spec),
  'digits.int8.report.json': `${JSON.stringify(report, undefined, 2)}\n`,
};
for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
console.log(`wrote ${Object.keys(files).join(', ')} to ${relative(process.cwd(), folder) || '.'}/`);
console.log(`done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
