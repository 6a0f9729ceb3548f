import { QuantError } from '@bitwright/core';
import type { Paint } from './colour';

/**
 * An error as a person reads it: what went wrong on the first line, how to fix it on the second.
 * With BITWRIGHT_DEBUG=1 the stack and the causes follow.
 */
export function formatError(error: unknown, paint: Paint, env: Readonly<Record<string, string | undefined>>): string {
  const { message, hint } = describe(error);
  const lines = [`${paint.error('error:')} ${message}`];
  if (hint !== undefined) lines.push(`  ${paint.strong('fix:')} ${hint}`);
  if (isDebug(env)) lines.push(paint.faint(stackOf(error)));
  return `${lines.join('\n')}\n`;
}

/** The same error for `--json`. */
export function errorDocument(error: unknown): { readonly error: Readonly<Record<string, string>> } {
  const { code, message, hint } = describe(error);
  return { error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}

// — internals —

interface ErrorText {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

function describe(error: unknown): ErrorText {
  if (QuantError.isInstance(error)) {
    const { code, hint } = error;
    const whole = error.message.replace(/^\[[\w-]+\] /, '');
    const message = hint !== undefined && whole.endsWith(` ${hint}`) ? whole.slice(0, -hint.length - 1) : whole;
    return { code, message, hint };
  }
  const { message, code } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) };
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return { code, message, hint: undefined };
  return {
    code: 'ERR_INTERNAL',
    message: `something went wrong inside bitwright: ${message}`,
    hint: 'This is a bug. Run again with BITWRIGHT_DEBUG=1 and report what it prints.',
  };
}

function isDebug(env: Readonly<Record<string, string | undefined>>): boolean {
  return env['BITWRIGHT_DEBUG'] !== undefined && !['', '0'].includes(env['BITWRIGHT_DEBUG']);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
