/**
 * Import cycles of a module graph, each once, as the files in order of import.
 *
 * One shortest cycle is reported for every strongly connected component: breaking it and running again shows the next.
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const reported = new Set<string>();
  for (const start of [...graph.keys()].sort()) {
    if (reported.has(start)) continue;
    const cycle = shortestCycleFrom(start, graph);
    if (cycle === undefined || cycle.some((file) => reported.has(file))) continue;
    for (const file of cycle) reported.add(file);
    cycles.push(cycle);
  }
  return cycles;
}

// — internals —

/** Breadth-first search from `start` back to itself. */
function shortestCycleFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let head = 0; head < queue.length; head++) {
    const file = queue[head] as string;
    for (const next of graph.get(file) ?? []) {
      if (next === start) return pathTo(file, start, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(file: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [file];
  for (let at = file; at !== start; ) {
    at = cameFrom.get(at) as string;
    path.push(at);
  }
  return path.reverse();
}
