import { QuantError } from '../errors';

/** Fails a check with a message. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Fails unless both texts are equal, showing where they part. */
export function checkSameText(actual: string, expected: string, what: string): void {
  if (actual === expected) return;
  let at = 0;
  while (actual[at] === expected[at]) at++;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 40), at + 40));
  throw new Error(`${what}: texts differ at ${at}: ${around(actual)} instead of ${around(expected)}`);
}

/** Fails unless both arrays hold the same numbers; NaN equals NaN, 0 and −0 are different only when `signs` is set. */
export function checkSameNumbers(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  options: { readonly signs?: boolean } = {},
): void {
  check(actual.length === expected.length, `${what}: length ${actual.length} instead of ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i] as number;
    const e = expected[i] as number;
    const isSame = options.signs === true ? Object.is(a, e) : a === e || (Number.isNaN(a) && Number.isNaN(e));
    check(isSame, `${what}: element ${i} is ${a} instead of ${e}`);
  }
}

/** Runs `body`, which must throw an error of ours with this code, and returns its message. */
export function checkThrows(body: () => unknown, code: string, what: string): string {
  try {
    body();
  } catch (error) {
    check(QuantError.isInstance(error), `${what}: threw ${String(error)} instead of an error with code ${code}`);
    check(error.code === code, `${what}: threw ${error.code} (${error.message}) instead of ${code}`);
    return error.message;
  }
  throw new Error(`${what}: did not throw ${code}`);
}
