import { InvalidArgumentError } from '@bitwright/core';

/** One way to treat an item: what it costs and what it loses. */
export interface Choice {
  readonly cost: number;
  readonly loss: number;
}

/** A choice for every item. */
export interface Combination {
  /** Sum of the costs of its choices. */
  readonly cost: number;
  /** Sum of their losses. */
  readonly loss: number;
  /** Per item the index of its choice. */
  readonly choices: Int32Array;
}

/** Nondominated combinations with ascending cost and descending loss, and whether all of them are there. */
export interface ParetoFront {
  readonly combinations: readonly Combination[];
  /** false: the front was too long, and only the combinations on its lower convex hull are there. */
  readonly isExact: boolean;
}

/** States of one stage at most, before the front is given up for its convex hull. */
const mostStates = 200_000;

/**
 * All combinations of one choice per item that no other one beats in both cost and loss: the solutions of the multiple-choice
 * knapsack problem  min Σ loss  subject to  Σ cost ≤ budget  for every budget at once.
 *
 * Exact (Nemhauser and Ullmann 1969): items are merged one by one, and a partial combination that costs no less and loses no less
 * than another one is dropped, since whatever completes it completes the other one too. Costs of layers repeat, so fronts stay
 * short. Where a front outgrows {@link mostStates} the sweep over Lagrange multipliers is used instead: item by item the choice
 * with the smallest loss + λ·cost, for every λ at which one changes (Everett 1963). Each of its combinations is optimal for its
 * own cost; what lies between two of them is not found.
 *
 * @throws {InvalidArgumentError} for an item without choices, or a cost or loss that is negative or not finite
 */
export function paretoFront(items: readonly (readonly Choice[])[], states: number = mostStates): ParetoFront {
  for (const [i, choices] of items.entries()) {
    const isBad = ({ cost, loss }: Choice): boolean => !(cost >= 0 && loss >= 0 && cost + loss < Infinity);
    if (choices.length === 0 || choices.some(isBad)) {
      throw new InvalidArgumentError({
        operation: '[ptq] paretoFront',
        expected: `choices with finite costs and losses of at least 0 for item ${i}`,
        received: JSON.stringify(choices),
      });
    }
  }
  const exact = mergeItems(items, states);
  return exact === undefined
    ? { combinations: lagrangeSweep(items), isExact: false }
    : { combinations: exact, isExact: true };
}

/** The combination with the smallest loss within a budget; undefined when even the cheapest one costs more. */
export function withinBudget(front: ParetoFront, budget: number): Combination | undefined {
  return front.combinations.filter(({ cost }) => cost <= budget).at(-1);
}

// — internals —

/** A partial combination as a chain of choices. */
interface State {
  readonly cost: number;
  readonly loss: number;
  readonly choice: number;
  readonly before: State | undefined;
}

function mergeItems(items: readonly (readonly Choice[])[], states: number): readonly Combination[] | undefined {
  let front: readonly State[] = [{ cost: 0, loss: 0, choice: -1, before: undefined }];
  for (const choices of items) {
    const next: State[] = [];
    for (const before of front) {
      for (const [choice, { cost, loss }] of choices.entries()) {
        next.push({ cost: before.cost + cost, loss: before.loss + loss, choice, before });
      }
    }
    front = nondominated(next);
    if (front.length > states) return undefined;
  }
  return front.map((state) => ({ cost: state.cost, loss: state.loss, choices: chainOf(state, items.length) }));
}

function nondominated(states: State[]): readonly State[] {
  states.sort((a, b) => a.cost - b.cost || a.loss - b.loss || a.choice - b.choice);
  let least = Number.POSITIVE_INFINITY;
  return states.filter(({ loss }) => {
    if (loss >= least) return false;
    least = loss;
    return true;
  });
}

function chainOf(last: State, count: number): Int32Array {
  const choices = new Int32Array(count);
  let state: State | undefined = last;
  for (let i = count - 1; i >= 0 && state !== undefined; i--, state = state.before) choices[i] = state.choice;
  return choices;
}

/** Combinations on the lower convex hull: start with the cheapest choices, then take the steps with the best loss per cost first. */
function lagrangeSweep(items: readonly (readonly Choice[])[]): readonly Combination[] {
  const hulls = items.map(lowerHull);
  const steps = hulls.flatMap((hull, item) =>
    hull.slice(1).map((to, k) => {
      const from = hull[k] as HullPoint;
      return { item, to, gain: (from.loss - to.loss) / (to.cost - from.cost) };
    }),
  );
  steps.sort((a, b) => b.gain - a.gain || a.item - b.item);
  const points = hulls.map((hull) => hull[0] as HullPoint);
  const snapshot = (): Combination => ({
    cost: points.reduce((sum, { cost }) => sum + cost, 0),
    loss: points.reduce((sum, { loss }) => sum + loss, 0),
    choices: Int32Array.from(points, ({ choice }) => choice),
  });
  const combinations = [snapshot()];
  for (const { item, to } of steps) {
    points[item] = to;
    combinations.push(snapshot());
  }
  return combinations;
}

interface HullPoint extends Choice {
  readonly choice: number;
}

/** Choices of one item on the lower convex hull of (cost, loss), ascending cost; slopes rise, so steps come in order. */
function lowerHull(choices: readonly Choice[]): readonly HullPoint[] {
  const sorted = choices
    .map((choice, index): HullPoint => ({ ...choice, choice: index }))
    .sort((a, b) => a.cost - b.cost || a.loss - b.loss);
  const hull: HullPoint[] = [];
  for (const point of sorted) {
    const last = hull.at(-1);
    if (last !== undefined && point.loss >= last.loss) continue;
    while (hull.length >= 2 && isAbove(hull.at(-2) as HullPoint, hull.at(-1) as HullPoint, point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

function isAbove(a: Choice, middle: Choice, b: Choice): boolean {
  return (middle.loss - a.loss) * (b.cost - a.cost) >= (b.loss - a.loss) * (middle.cost - a.cost);
}
