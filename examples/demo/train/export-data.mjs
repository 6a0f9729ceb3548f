/**
 * Writes the images of ../digits.mjs as raw bytes for train.py, so that there is one implementation of them.
 *
 *   node export-data.mjs <folder> <variants>
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderTrainingData } from '../digits.mjs';

const [folder, variants] = process.argv.slice(2);
if (folder === undefined || !(Number(variants) >= 1)) {
  console.error('usage: node export-data.mjs <folder> <variants>');
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
const { training, test } = renderTrainingData(Number(variants));
const trainingFile = join(folder, 'training-levels.bin');
rmSync(trainingFile, { force: true });
for (const levels of training.variants) appendFileSync(trainingFile, levels);
writeFileSync(join(folder, 'training-labels.bin'), training.labels);
writeFileSync(join(folder, 'test-levels.bin'), test.levels);
writeFileSync(join(folder, 'test-labels.bin'), test.labels);
