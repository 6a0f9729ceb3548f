import type { Context } from '../context';
import { createPaint } from './colour';
import { summarizeWarnings } from './summarize-warnings';

/** Prints a command's result: JSON or text on stdout, warnings on stderr where people look for them. */
export function printResult(
  document: { readonly warnings: readonly string[] },
  text: string,
  options: { readonly json?: boolean | undefined; readonly quiet?: boolean | undefined },
  { stdout, stderr, env }: Context,
): void {
  if (options.json === true) stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  else if (options.quiet !== true) stdout.write(text);
  if (options.quiet === true) return;
  const paint = createPaint(stderr, env);
  for (const warning of summarizeWarnings(document.warnings)) stderr.write(`${paint.warning('warning:')} ${warning}\n`);
}
