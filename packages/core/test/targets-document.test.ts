/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { targets } from '@bitwright/core';
import { expect, it } from 'vitest';
import { targetsDocument } from '../scripts/targets-document';

it('docs/targets.md is what the data says (else run: npx tsx packages/core/scripts/write-targets-document.ts)', () => {
  const document = readFileSync(new URL('../../../docs/targets.md', import.meta.url), 'utf8');
  expect(document).toBe(targetsDocument(targets));
});
