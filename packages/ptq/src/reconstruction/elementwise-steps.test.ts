import { describe, expect, it } from 'vitest';
import { concatStep } from './elementwise-steps';
import { createSlot } from './slot';

describe('concatStep', () => {
  it('joins channels pixel by pixel, and hands each part its share of the gradient', () => {
    const size = { height: 1, width: 2 };
    const a = createSlot({ ...size, channels: 1 }, 2, true);
    const b = createSlot({ ...size, channels: 2 }, 2, true);
    const y = createSlot({ ...size, channels: 3 }, 2, true);
    a.value.set([1, 2, 3, 4]);
    b.value.set([10, 11, 20, 21, 30, 31, 40, 41]);
    const step = concatStep([a, b], y, new Float32Array(8));
    step.forward();
    expect([...y.value]).toEqual([1, 10, 11, 2, 20, 21, 3, 30, 31, 4, 40, 41]);
    y.gradient.set(y.value);
    // What is there already is added to.
    b.gradient.fill(100);
    b.hasGradient = true;
    step.backward();
    expect([...a.gradient]).toEqual([1, 2, 3, 4]);
    expect([...b.gradient]).toEqual([110, 111, 120, 121, 130, 131, 140, 141]);
  });
});
