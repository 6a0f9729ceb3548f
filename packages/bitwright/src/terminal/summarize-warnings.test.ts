import { describe, expect, it } from 'vitest';
import { summarizeWarnings } from './summarize-warnings';

describe('summarizeWarnings', () => {
  it('counts warnings that differ in names only', () => {
    const many = Array.from({ length: 200 }, (_, i) => `warning: expected initializer "w${i}" not to be a graph input`);
    expect(summarizeWarnings([...many, 'too slow'])).toEqual([
      'expected initializer "w0" not to be a graph input (and 199 more like it, see --json)',
      'too slow',
    ]);
  });

  it('shows a few of one kind in full', () => {
    expect(summarizeWarnings(['tensor "a": flat', 'tensor "b": flat'])).toEqual([
      'tensor "a": flat',
      'tensor "b": flat',
    ]);
  });
});
