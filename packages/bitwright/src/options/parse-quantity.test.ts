import { describe, expect, it } from 'vitest';
import { parseDuration, parseFraction, parseLimit, parsePercent } from './parse-quantity';

describe('parsePercent', () => {
  it('reads percent with and without the sign', () => {
    expect(parsePercent('0.5%', '--max-drop')).toBeCloseTo(0.005);
    expect(parsePercent('1', '--max-drop')).toBeCloseTo(0.01);
    for (const text of ['', 'x', '-1%', '101%']) expect(() => parsePercent(text, '--max-drop')).toThrow(/--max-drop/);
  });
});

describe('parseLimit', () => {
  it('reads shares and numbers', () => {
    expect(parseLimit('60%', '--max-size')).toEqual({ shareOf8Bit: 0.6 });
    expect(parseLimit('300kB', '--max-size')).toBe(300_000);
    expect(parseLimit('2.5G', '--max-bops')).toBe(2.5e9);
    expect(parseLimit('1000', '--max-size')).toBe(1000);
    for (const text of ['', '0', '0%', '5 apples']) expect(() => parseLimit(text, '--max-size')).toThrow(/60%/);
  });
});

describe('parseDuration', () => {
  it('reads seconds, minutes and hours', () => {
    expect(parseDuration('90s', '--budget')).toBe(90_000);
    expect(parseDuration('10m', '--budget')).toBe(600_000);
    expect(parseDuration('0.5h', '--budget')).toBe(1_800_000);
    for (const text of ['', '10', '0s', '-1m']) expect(() => parseDuration(text, '--budget')).toThrow(/--budget/);
  });
});

describe('parseFraction', () => {
  it('reads a number from 0 to 1', () => {
    expect(parseFraction('0.5', '--smooth')).toBe(0.5);
    for (const text of ['', '1.5', '-1', 'half']) expect(() => parseFraction(text, '--smooth')).toThrow(/--smooth/);
  });
});
