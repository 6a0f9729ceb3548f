import { describeKernelBackend } from '@bitwright/core/testing';
import { describe, expect, it } from 'vitest';
import { nativeBackends } from './native-contexts';

const { backends, skipped } = nativeBackends();
const [first] = backends;

describe.skipIf(first === undefined)(`conformance${skipped}`, () => {
  it('runs on an instruction set of this machine', () => {
    expect(backends).not.toHaveLength(0);
  });
  if (first === undefined) return;
  describeKernelBackend({ describe, it }, first, {
    isas: backends.map((backend) => ({ isa: backend.isa, backend })),
  });
});
