/** Bytes of tapped tensors held at a time, both models together. */
const tapBudget = 256 * 2 ** 20;

/** Most samples whose tapped tensors fit the budget, at least one and at most `wanted`. */
export function affordableBatch(bytesPerSample: number, wanted: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(tapBudget / Math.max(1, bytesPerSample))));
}

/** Splits items, in order, into groups whose sizes sum to at most the budget; larger items stand alone. */
export function groupBySize<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
  budget: number = tapBudget,
): Item[][] {
  const groups: Item[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (used + bytes > budget) {
      groups.push([]);
      used = 0;
    }
    groups.at(-1)?.push(item);
    used += bytes;
  }
  return groups;
}
