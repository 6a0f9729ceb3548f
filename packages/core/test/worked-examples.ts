/** What stands behind `// →` or `// throws` in a worked example. */
export interface Checks {
  check(actual: unknown, expected: unknown, line: string): void;
  checkThrows(run: () => unknown, errorName: string, line: string): void;
}

/**
 * Runs the fenced `js` or `ts` blocks of a Markdown text as one program, with the given names in scope, and reports every line
 * `expression // → value` and `expression // throws ErrorName`. Import lines are left out; `ts` blocks must be plain JavaScript.
 */
export function runWorkedExamples(markdown: string, scope: Readonly<Record<string, unknown>>, checks: Checks): void {
  const lines = [...markdown.matchAll(/^```(?:js|ts)\n(.*?)^```$/gms)].flatMap((match) => (match[1] ?? '').split('\n'));
  const program = lines.filter((line) => !line.startsWith('import ')).map(instrument);
  const names = [...Object.keys(scope), 'check', 'checkThrows'];
  new Function(...names, program.join('\n'))(...Object.values(scope), checks.check, checks.checkThrows);
}

function instrument(line: string): string {
  const worked = /^(.*?);?\s*\/\/ (→|throws) (.*)$/.exec(line);
  if (worked === null) return line;
  const [, expression, kind, expected] = worked;
  const source = JSON.stringify(line);
  return kind === 'throws'
    ? `checkThrows(() => (${expression}), ${JSON.stringify(expected)}, ${source});`
    : `check((${expression}), (${expected}), ${source});`;
}
