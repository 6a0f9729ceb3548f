import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Folder of real models: `data/models` below BITWRIGHT_SHARED, or below `../shared` beside the checkout. */
export const sharedModelFolder: string = join(
  process.env['BITWRIGHT_SHARED'] ?? join(repository, '..', 'shared'),
  'data',
  'models',
);

/** Paths of the real models, smallest name first; empty when the folder is not there. */
export const sharedModels: readonly string[] = existsSync(sharedModelFolder)
  ? readdirSync(sharedModelFolder)
      .filter((name) => name.endsWith('.onnx'))
      .sort()
      .map((name) => join(sharedModelFolder, name))
  : [];

/** Part of a test title that says why real models are skipped. */
export const sharedModelsTitle: string = sharedModels.length > 0 ? '' : ' (skipped: no shared/data/models found)';
