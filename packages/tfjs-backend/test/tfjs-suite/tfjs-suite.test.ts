import { beforeAll, describe, expect, it } from 'vitest';
import { hasAddon, skipped } from '../native-addon';
import { exclusions } from './exclusions';
import { bundleSuite, runSuite } from './run-suite';
import type { SpecOutcome } from './spec-outcome';

/** Specs that tfjs-core 4.22 ships and that run outside a browser; fewer would mean that some were not found. */
const shippedSpecs = 4200;

describe('the specs of TensorFlow.js', () => {
  let bundle: string;
  let onCpu: Map<string, SpecOutcome>;

  beforeAll(async () => {
    bundle = await bundleSuite();
    onCpu = byName(await runSuite(bundle, 'cpu'));
  }, 120_000);

  it('run on the cpu backend of tfjs', () => {
    expect(passed(onCpu).size).toBeGreaterThan(shippedSpecs);
  });

  it.skipIf(!hasAddon).each([
    ['the fastest instruction set', undefined],
    ['no vector instructions', 'scalar'],
  ])(
    `pass with %s wherever they pass on the cpu backend, but for the listed exclusions${skipped}`,
    async (_, isa) => {
      const here = byName(await runSuite(bundle, 'bitwright', isa));
      const notPassed = [...passed(onCpu)].filter((spec) => here.get(spec)?.status !== 'passed');
      const unexpected = notPassed.filter((spec) => !exclusions.some((exclusion) => exclusion.spec === spec));
      expect(unexpected.map((spec) => here.get(spec) ?? `${spec}: not defined`)).toEqual([]);
      expect(exclusions.map(({ spec }) => spec).sort()).toEqual(notPassed.sort());
    },
    120_000,
  );
});

/** Some specs share a name; later ones are numbered so that none hides another. */
function byName(outcomes: readonly SpecOutcome[]): Map<string, SpecOutcome> {
  const result = new Map<string, SpecOutcome>();
  const seen = new Map<string, number>();
  for (const outcome of outcomes) {
    const count = (seen.get(outcome.name) ?? 0) + 1;
    seen.set(outcome.name, count);
    result.set(count === 1 ? outcome.name : `${outcome.name} (${count})`, outcome);
  }
  return result;
}

function passed(outcomes: ReadonlyMap<string, SpecOutcome>): Set<string> {
  return new Set([...outcomes].filter(([, { status }]) => status === 'passed').map(([name]) => name));
}
