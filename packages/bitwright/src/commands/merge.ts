import { relative, resolve } from 'node:path';
import { InvalidArgumentError } from '@bitwright/core';
import { mergeCalibrationStates, seenSamples } from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import { exitCode } from '../exit-code';
import { checkOutputs } from '../output/check-outputs';
import { printResult } from '../terminal/print-result';
import { readState, writeState } from './state-file';

/** Options of `bitwright merge`. */
const mergeOptions = {
  state: { flags: '-o, --state <file>', kind: 'path', description: 'where the merged state goes', group: 'Output:' },
  force: {
    flags: '-f, --force',
    kind: 'flag',
    description: 'replace an existing file',
    group: 'Output:',
    isFlagOnly: true,
  },
} as const;

/** `bitwright merge`: the states of all shards of a calibration become the state of one run, to the byte. */
export const merge: CommandDefinition<typeof mergeOptions> = {
  name: 'merge',
  summary: 'merge the statistics of calibration shards',
  description:
    'Merges state files of `bitwright calibrate`, in any order. The result has the very bytes that one run over all the samples would have written.',
  args: [{ name: '<states...>', description: 'state files' }],
  options: mergeOptions,
  examples: ['bitwright merge part1.calib.json part2.calib.json --state all.calib.json'],
  run: runMerge,
};

async function runMerge({ args, options, context }: CommandInput<typeof mergeOptions>): Promise<number> {
  if (options.state === undefined) {
    throw new InvalidArgumentError({ operation: 'merge', expected: '--state <file> for the result', received: 'none' });
  }
  const paths = args.map((path) => resolve(context.cwd, path));
  const target = resolve(context.cwd, options.state);
  await checkOutputs([target], { inputs: paths, force: options.force === true });
  const state = mergeCalibrationStates(await Promise.all(paths.map(readState)));
  await writeState(target, state);
  const document = {
    state: relative(context.cwd, target) || target,
    shards: paths.length,
    samples: seenSamples(state),
    missing: gaps(state.samples),
    warnings: gaps(state.samples).map(([start, end]) => `samples ${start} to ${end - 1} are in none of the states`),
  };
  printResult(
    document,
    `${document.state}: ${document.samples} samples of ${document.shards} shards\n`,
    options,
    context,
  );
  return exitCode.ok;
}

/** Samples between ranges, and before the first one, that nobody has seen. */
function gaps(
  ranges: readonly { readonly start: number; readonly end: number }[],
): readonly (readonly [number, number])[] {
  return ranges.flatMap(({ start }, i) => {
    const before = ranges[i - 1]?.end ?? 0;
    return before < start ? [[before, start] as const] : [];
  });
}
