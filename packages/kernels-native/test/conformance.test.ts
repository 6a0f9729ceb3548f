import { describeKernelBackend } from '@bitwright/core/testing';
import { describe, it } from 'vitest';
import { nativeBackends } from './native-contexts';

const { backends, reason } = nativeBackends();
const [first] = backends;

describe.skipIf(first === undefined)(`conformance ${reason}`, () => {
  if (first === undefined) return;
  describeKernelBackend({ describe, it }, first, {
    isas: backends.map((backend) => ({ isa: backend.isa, backend })),
  });
});
