import pc from 'picocolors';
import type { OutputStream } from '../context';

type Environment = Readonly<Record<string, string | undefined>>;

/** The few styles messages use; each returns its text unchanged where colour is off. */
export interface Paint {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly good: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

/**
 * Whether a stream gets colour: FORCE_COLOR decides (0 and false mean no), then NO_COLOR, then whether it is a terminal.
 *
 * @see https://no-color.org
 */
export function useColour(stream: OutputStream, env: Environment): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

export function createPaint(stream: OutputStream, env: Environment): Paint {
  const { red, yellow, green, dim, bold } = pc.createColors(useColour(stream, env));
  return { error: (text) => bold(red(text)), warning: yellow, good: green, faint: dim, strong: bold };
}
