import type { LinearScheme } from '@bitwright/core';

/** Levels from which on (7 bits) a quantizer adds so little noise that it needs no care of its own. */
const wideLevels = 128;

export function isWide({ qmin, qmax }: Pick<LinearScheme, 'qmin' | 'qmax'>): boolean {
  return qmax - qmin + 1 >= wideLevels;
}
