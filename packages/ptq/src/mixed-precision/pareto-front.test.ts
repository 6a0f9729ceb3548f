import { seededRandom } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { type Choice, paretoFront, withinBudget } from './pareto-front';

function randomItems(count: number, options: number, seed: number): readonly (readonly Choice[])[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: options }, () => ({
      cost: Math.floor(random.next() * 20),
      loss: Math.floor(random.next() * 50),
    })),
  );
}

/** The smallest loss within a budget by trying all combinations. */
function bruteForce(items: readonly (readonly Choice[])[], budget: number): number {
  const [first, ...rest] = items;
  if (first === undefined) return budget >= 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.min(...first.map(({ cost, loss }) => loss + bruteForce(rest, budget - cost)));
}

describe('paretoFront', () => {
  it('solves a knapsack done by hand', () => {
    // Item A: 1 loses 9 or 4 loses 1; item B: 2 loses 5 or 3 loses 2. Costs 3, 4, 6, 7 lose 14, 11, 6, 3.
    const items = [
      [
        { cost: 1, loss: 9 },
        { cost: 4, loss: 1 },
      ],
      [
        { cost: 2, loss: 5 },
        { cost: 3, loss: 2 },
      ],
    ];
    const { combinations, isExact } = paretoFront(items);
    expect(isExact).toBe(true);
    expect(combinations.map(({ cost, loss }) => [cost, loss])).toEqual([
      [3, 14],
      [4, 11],
      [6, 6],
      [7, 3],
    ]);
    expect([...(withinBudget({ combinations, isExact }, 6.5)?.choices ?? [])]).toEqual([1, 0]);
    expect(withinBudget({ combinations, isExact }, 2)).toBeUndefined();
  });

  it('finds the best combination for every budget', () => {
    for (let seed = 0; seed < 20; seed++) {
      const items = randomItems(5, 3, seed);
      const front = paretoFront(items);
      for (let budget = 0; budget <= 100; budget += 7) {
        expect(withinBudget(front, budget)?.loss ?? Number.POSITIVE_INFINITY).toBe(bruteForce(items, budget));
      }
    }
  });

  it('falls back to the convex hull, whose combinations are optimal for their cost', () => {
    for (let seed = 0; seed < 20; seed++) {
      const items = randomItems(5, 4, 100 + seed);
      const swept = paretoFront(items, 1);
      expect(swept.isExact).toBe(false);
      for (const { cost, loss, choices } of swept.combinations) {
        expect(loss).toBe(bruteForce(items, cost));
        expect(cost).toBe(items.reduce((sum, item, i) => sum + (item[choices[i] as number] as Choice).cost, 0));
      }
    }
  });

  it('never loses less than the relaxed problem allows', () => {
    // The Lagrangian bound: min over choices of loss + λ·(cost − budget), for any λ ≥ 0, is a lower bound of the loss.
    const items = randomItems(12, 5, 7);
    const front = paretoFront(items);
    for (const lambda of [0.1, 0.5, 1, 3]) {
      const relaxed = (budget: number): number =>
        items.reduce((sum, item) => sum + Math.min(...item.map(({ cost, loss }) => loss + lambda * cost)), 0) -
        lambda * budget;
      for (const budget of [40, 80, 120, 200]) {
        expect(withinBudget(front, budget)?.loss ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
          relaxed(budget) - 1e-9,
        );
      }
    }
  });

  it('refuses items without choices and losses that are no numbers', () => {
    expect(() => paretoFront([[]])).toThrow(/item 0/);
    expect(() => paretoFront([[{ cost: 1, loss: Number.NaN }]])).toThrow(/finite/);
  });
});
