/// <reference types="node" />
import { writeFileSync } from 'node:fs';
import { targets } from '../src';
import { targetsDocument } from './targets-document';

writeFileSync(new URL('../../../docs/targets.md', import.meta.url), targetsDocument(targets));
