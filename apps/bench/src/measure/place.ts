import { resolve } from 'node:path';

/** Where a path from the command line points: npm runs scripts in their package's folder, users mean it from where they are. */
export function place(file: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', file);
}
