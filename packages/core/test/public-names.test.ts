import { expect, it } from 'vitest';
import * as core from '../src/index';

it('exports exactly the names listed in public-names.txt', async () => {
  await expect(`${Object.keys(core).sort().join('\n')}\n`).toMatchFileSnapshot('./public-names.txt');
});
