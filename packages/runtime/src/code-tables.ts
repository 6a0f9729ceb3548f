import { codesOf, type LookupTable, lookupTable } from '@bitwright/core';
import type { ActivationCodes, CodesValue } from './value';

/**
 * Tables of a function from grid to grid. Each is computed once, 256 or 65,536 values of f, and kept as long as both grids are.
 *
 * @see lookupTable of core for the formula
 */
export function codeTables(f: (x: number) => number): (from: CodesValue, to: ActivationCodes) => LookupTable {
  const known = new WeakMap<ActivationCodes, WeakMap<ActivationCodes, LookupTable>>();
  return ({ data, parameters }, to) => {
    const { qmin, qmax } = codesOf(data);
    const byOutput = known.get(parameters) ?? new WeakMap<ActivationCodes, LookupTable>();
    known.set(parameters, byOutput);
    const found = byOutput.get(to);
    // The same grid may be that of bytes here and of wider codes there.
    if (found?.firstCode === qmin && found.entries.length === qmax - qmin + 1) return found;
    const { scale, zeroPoint } = parameters;
    const table = lookupTable(f, { qmin, qmax, scale, zeroPoint }, to);
    byOutput.set(to, table);
    return table;
  };
}
