import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { minMaxObserver } from './min-max';
import { builtInObservers, observerFromJson } from './registry';

describe('observerFromJson', () => {
  it('reads every built-in state back by its kind', () => {
    const options: Record<string, object> = { fixedHistogram: { min: -1, max: 1 }, gram: { absmax: 1 } };
    for (const type of builtInObservers) {
      const observer = type.create(options[type.kind] ?? {});
      observer.observe(view([0.5, -0.5], [1, 2]));
      const restored = observerFromJson(JSON.parse(JSON.stringify(observer.toJSON())));
      expect(restored.kind).toBe(type.kind);
      expect(restored.stats()).toEqual(observer.stats());
    }
  });

  it('lists the known kinds when it finds none, and takes types of the caller', () => {
    expect(() => observerFromJson({ kind: 'mine' })).toThrow(/kind minMax, movingAverage.*received kind "mine"/);
    const mine = { ...minMaxObserver, kind: 'mine', fromJSON: () => minMaxObserver.create() };
    expect(observerFromJson({ kind: 'mine' }, {}, [mine]).kind).toBe('minMax');
  });
});
