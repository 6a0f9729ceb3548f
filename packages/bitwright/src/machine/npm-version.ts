import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Version of npm without starting it: from the environment npm sets for what it runs, else from the copy beside node.
 * Undefined when neither tells.
 */
export function readNpmVersion(
  env: Readonly<Record<string, string | undefined>>,
  nodePath: string,
): string | undefined {
  const agent = /^npm\/(\S+)/.exec(env['npm_config_user_agent'] ?? '')?.[1];
  if (agent !== undefined) return agent;
  for (const folder of ['../lib/node_modules/npm', 'node_modules/npm']) {
    try {
      const text = readFileSync(join(dirname(nodePath), folder, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version?: string }).version;
    } catch {
      // Not there: try the next place.
    }
  }
  return undefined;
}
