import { join } from 'node:path';
import process from 'node:process';

/** Folder with models and data: the one given, else `data` in BITWRIGHT_SHARED or in `shared` beside the checkout. */
export function dataFolder(given: string | undefined): string {
  const shared = process.env['BITWRIGHT_SHARED'] ?? join(import.meta.dirname, '../../../../../shared');
  return given ?? join(shared, 'data');
}
