import { describe, expect, it } from 'vitest';
import { createDropMask } from './drop-mask';
import { createLearnedQuantizer, type LearnedQuantizer, quantizeStep } from './learned-quantizer';
import { createSlot, type Slot } from './slot';

const values = [-1.1, -0.2, 0.3, 0.45, 1.9];
const shape = { height: 1, width: 1, channels: values.length };

function make(zeroPoint = 1): { quantizer: LearnedQuantizer; x: Slot; y: Slot; run: (bits: number) => void } {
  const bounds = { min: 0.25, max: 1 };
  const quantizer = createLearnedQuantizer({ qmin: 0, qmax: 3, scale: 0.5, zeroPoint, bounds });
  const x = createSlot(shape, 1, true);
  const y = createSlot(shape, 1, true);
  x.value.set(values);
  y.gradient.set([1, 2, 3, 4, 5]);
  const mask = createDropMask(values.length);
  const step = quantizeStep(x, y, quantizer, mask, new Float32Array(values.length));
  const run = (bits: number): void => {
    mask.words[0] = bits;
    step.forward();
    step.backward();
  };
  return { quantizer, x, y, run };
}

describe('quantizeStep', () => {
  it('computes a worked example', () => {
    const { quantizer, x, y, run } = make();
    run(0b11111);
    // v = x/0.5 = -2.2, -0.4, 0.6, 0.9, 3.8 on levels -1 … 2
    expect([...y.value]).toEqual([-0.5, 0, 0.5, 0.5, 1]);
    // Clipped at both ends.
    expect([...x.gradient]).toEqual([0, 2, 3, 4, 0]);
    // 1·(-1) + 2·(0 + 0.4) + 3·(1 - 0.6) + 4·(1 - 0.9) + 5·2, from float32 inputs
    expect(quantizer.scaleGradient).toBeCloseTo(-1 + 0.8 + 1.2 + 0.4 + 10, 5);
    // -0.5·(1 + 5)
    expect(quantizer.zeroPointGradient).toBe(-3);
  });

  it('lets dropped elements pass as they are', () => {
    const { quantizer, x, y, run } = make();
    run(0b00110);
    expect([...y.value]).toEqual([...Float32Array.of(-1.1, 0, 0.5, 0.45, 1.9)]);
    expect([...x.gradient]).toEqual([1, 2, 3, 4, 5]);
    expect(quantizer.scaleGradient).toBeCloseTo(0.8 + 1.2, 5);
    expect(quantizer.zeroPointGradient).toBe(0);
  });

  it('has the scale gradient of its formula with rounding frozen', () => {
    // ŷ(s) = s·r where clipped, x + s·(r − v) inside with r − v held: both linear in s, so the difference quotient is exact.
    const { quantizer, run } = make();
    run(0b11111);
    const frozen = values.map((x) => {
      const v = Math.fround(x) / 0.5;
      return v < -1 ? -1 : v > 2 ? 2 : Math.round(v) - v;
    });
    const expected = frozen.reduce((sum, slope, i) => sum + slope * (i + 1), 0);
    expect(quantizer.scaleGradient).toBeCloseTo(expected, 6);
  });
});

describe('createLearnedQuantizer', () => {
  it('steps against the gradient, relative to its scale, and forgets it', () => {
    const { quantizer } = make();
    quantizer.scaleGradient = 7;
    quantizer.update(0.01);
    // Adam's first step is the rate itself: 0.5 − 0.01·0.5.
    expect(quantizer.scale).toBe(Math.fround(0.495));
    expect(quantizer.scaleGradient).toBe(0);
  });

  it('stays within its bounds', () => {
    const { quantizer } = make();
    for (let i = 0; i < 50; i++) {
      quantizer.scaleGradient = 1;
      quantizer.update(0.1);
    }
    expect(quantizer.scale).toBe(0.25);
  });

  it('moves a zero point between the ends of the codes only', () => {
    const inside = make(1).quantizer;
    const atEnd = make(0).quantizer;
    for (const quantizer of [inside, atEnd]) {
      for (let i = 0; i < 20; i++) {
        quantizer.zeroPointGradient = -1;
        quantizer.update(0.02);
      }
    }
    expect(inside.zeroPoint).toBe(2);
    expect(atEnd.zeroPoint).toBe(0);
  });
});
