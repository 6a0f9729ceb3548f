import { describe, expect, it } from 'vitest';
import { readNpmVersion } from './npm-version';

describe('readNpmVersion', () => {
  it('believes the environment npm sets', () => {
    expect(readNpmVersion({ npm_config_user_agent: 'npm/12.2.0 node/v24.21.0 linux x64' }, '/none/bin/node')).toBe(
      '12.2.0',
    );
  });

  it('says nothing where it finds none', () => {
    expect(readNpmVersion({ npm_config_user_agent: 'pnpm/10.0.0' }, '/none/bin/node')).toBeUndefined();
  });
});
