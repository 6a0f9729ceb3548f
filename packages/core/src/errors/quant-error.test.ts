import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from './invalid-argument-error';
import { QuantError } from './quant-error';

describe('QuantError', () => {
  const error: Error = new InvalidArgumentError({
    operation: '[core] quantize',
    expected: 'scale of length 64',
    received: 'length 1',
    hint: 'Did you mean perTensor()?',
  });

  it('says in one message what was expected, what came and how to fix it', () => {
    expect(error.message).toBe(
      '[core] quantize: expected scale of length 64, received length 1. Did you mean perTensor()?',
    );
  });

  it('keeps the parts of its message apart, out of what is printed', () => {
    expect(QuantError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ operation: '[core] quantize', expected: 'scale of length 64', received: 'length 1' });
    expect(Object.keys(error).sort()).toEqual(['code', 'hint', 'name']);
  });
});
