import type { CodeRange, QuantizedArray } from '../dtype';
import { InvalidArgumentError } from '../errors';
import { roundHalfEven } from '../rounding';
import { assertLength } from './accumulator';
import { assertOutputHolds, type CodeOutput, saturateCode } from './code-tensor';

/** One output code for every input code. */
export interface LookupTable {
  /** Input code of entry 0. */
  readonly firstCode: number;
  readonly entries: Int32Array;
  readonly output: CodeOutput;
}

/**
 * Any function of one variable on codes, computed once per code: sigmoid, tanh, SiLU, GELU, a change of scale.
 *
 * Formula:  entries[q − qmin] = saturate(round(fround(fround(f(scale_x·(q − z_x)))/scale_y)) + z_y)
 *
 * @throws {InvalidArgumentError} for more than 65536 input codes
 * @example lookupTable((x) => 1 / (1 + Math.exp(-x)), { ...int8Input }, { scale: 1 / 256, zeroPoint: -128, qmin: -128, qmax: 127 })
 */
export function lookupTable(
  f: (x: number) => number,
  input: CodeRange & { readonly scale: number; readonly zeroPoint: number },
  output: CodeOutput,
): LookupTable {
  const count = input.qmax - input.qmin + 1;
  if (!Number.isInteger(count) || count < 1 || count > 65536) {
    throw new InvalidArgumentError({
      operation: '[core] lookupTable',
      expected: 'at most 65536 input codes',
      received: `[${input.qmin}, ${input.qmax}]`,
    });
  }
  const entries = Int32Array.from({ length: count }, (_, i) => {
    const x = Math.fround(input.scale * (input.qmin + i - input.zeroPoint));
    const y = Math.fround(Math.fround(f(x)) / output.scale);
    return saturateCode(roundHalfEven(y) + output.zeroPoint, output);
  });
  return Object.freeze({ firstCode: input.qmin, entries, output });
}

/**
 * out[i] = entries[codes[i] − firstCode].
 *
 * @throws {ShapeMismatchError} when the lengths differ
 * @throws {InvalidArgumentError} for a code without an entry
 */
export function applyLookupTable(codes: QuantizedArray, table: LookupTable, out: QuantizedArray): QuantizedArray {
  const operation = '[core] applyLookupTable';
  assertLength(operation, 'out', out.length, codes.length);
  assertOutputHolds(operation, out, table.output);
  const { entries, firstCode } = table;
  for (let i = 0; i < codes.length; i++) {
    const entry = entries[(codes[i] as number) - firstCode];
    if (entry === undefined) {
      throw new InvalidArgumentError({
        operation,
        expected: `codes ${firstCode} to ${firstCode + entries.length - 1}`,
        received: `${codes[i]} at element ${i}`,
      });
    }
    out[i] = entry;
  }
  return out;
}
