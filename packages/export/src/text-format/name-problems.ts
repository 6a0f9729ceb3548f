import type { PlanProblem } from '@bitwright/core';

/** What a text format cannot carry inside a name. */
export interface NameRule {
  /** Substrings that separate or end fields, with the words for them. */
  readonly separators?: Readonly<Record<string, string>>;
  /** Longest name in UTF-8 bytes. */
  readonly maxBytes?: number;
}

/**
 * Names that would corrupt a line: empty ones, control characters and line ends, and what separates fields in the format.
 *
 * @param place how a name is shown in a problem: `tensor "conv1"`
 */
export function nameProblems(
  names: Iterable<string>,
  place: (name: string) => string,
  { separators = {}, maxBytes = Number.POSITIVE_INFINITY }: NameRule = {},
): readonly PlanProblem[] {
  return [...names].flatMap((name): PlanProblem[] => {
    const problem = problemOf(name, separators, maxBytes);
    return problem === undefined ? [] : [{ where: place(name), ...problem, hint: 'Rename it in the model.' }];
  });
}

// — internals —

function problemOf(
  name: string,
  separators: Readonly<Record<string, string>>,
  maxBytes: number,
): Omit<PlanProblem, 'where'> | undefined {
  if (name === '') return { expected: 'a name', received: 'an empty one' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  const control = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/.exec(name)?.[0];
  if (control !== undefined) {
    const code = control.codePointAt(0)?.toString(16).padStart(4, '0') ?? '';
    return { expected: 'a name without control characters or line ends', received: `U+${code}` };
  }
  if (!isWellFormed(name)) return { expected: 'a name that is valid Unicode', received: 'half a surrogate pair' };
  const found = Object.entries(separators).find(([text]) => name.includes(text));
  if (found !== undefined) {
    return { expected: `a name without ${found[1]}, which separates fields`, received: JSON.stringify(name) };
  }
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > maxBytes) return { expected: `a name of at most ${maxBytes} bytes`, received: `${bytes} bytes` };
  return undefined;
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}
