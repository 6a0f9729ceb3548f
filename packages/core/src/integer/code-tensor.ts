import { type CodeRange, canHold, type QuantizedArray } from '../dtype';
import { InvalidArgumentError } from '../errors';

/** Codes with the one scale and zero point that give them meaning:  real = scale·(code − zeroPoint). */
export interface CodeTensor {
  readonly codes: QuantizedArray;
  readonly scale: number;
  readonly zeroPoint: number;
}

/** What an operator writes: parameters and codes of its output; a fused activation narrows the codes (see activationCodes). */
export interface CodeOutput extends CodeRange {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Clamps a code, NaN to qmin. */
export function saturateCode(q: number, output: CodeRange): number {
  return q > output.qmax ? output.qmax : q >= output.qmin ? q : output.qmin;
}

/** @throws {InvalidArgumentError} when `out` cannot hold the codes */
export function assertOutputHolds(operation: string, out: QuantizedArray, output: CodeOutput): void {
  if (canHold(out, output)) return;
  throw new InvalidArgumentError({
    operation,
    expected: `an out array for codes [${output.qmin}, ${output.qmax}]`,
    received: out.constructor.name,
  });
}
