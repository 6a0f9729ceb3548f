import { describe, expect, it } from 'vitest';
import { tailsObserver } from './tails';
import { withObserverOptions } from './with-observer-options';

describe('withObserverOptions', () => {
  it('sets defaults that create can override', () => {
    const type = withObserverOptions(tailsObserver, { size: 2 });
    expect(type.create().toJSON()['size']).toBe(2);
    expect(type.create({ size: 3 }).toJSON()['size']).toBe(3);
  });
});
