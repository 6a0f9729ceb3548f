import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AbortedError, InputDataError } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import {
  climbLadder,
  type LadderState,
  ladderStateFromJson,
  ladderStateToJson,
  type QuantizationReport,
  type QuantizeOptions,
  type QuantizeResult,
  type RungResult,
} from '@bitwright/ptq';
import type { CommandInput } from '../command';
import type { PlannedOutputs } from '../output/plan-outputs';
import { writeTextFile } from '../output/text-files';
import { writeResult } from '../output/write-result';
import type { BitSettings } from './bit-settings';
import type { QuantizeDocument } from './quantize';
import type { quantizeOptions } from './quantize-options';

/** What was tried, and where that led. */
export interface LadderSummary {
  readonly maxDrop: number;
  readonly floatTop1: number;
  readonly rungs: readonly RungResult[];
  readonly isReached: boolean;
  readonly advice: string;
}

/** The file that tells how far a climb is: beside the model it writes. */
export function ladderStatePath({ model }: PlannedOutputs): string {
  return `${model.replace(/\.onnx$/i, '')}.ladder.json`;
}

/**
 * Climbs the accuracy ladder. Every better result is written at once, replacing the one before it, and so is the state of the climb: a
 * run that is cancelled or killed leaves the best so far, and `--resume` goes on from there.
 *
 * @throws {InputDataError} when there is nothing to resume
 */
export async function quantizeByLadder(
  model: Model,
  options: QuantizeOptions,
  ladder: NonNullable<BitSettings['ladder']>,
  outputs: PlannedOutputs,
  { options: flags, context }: CommandInput<typeof quantizeOptions>,
  documentOf: (report: QuantizationReport) => QuantizeDocument,
): Promise<QuantizeDocument> {
  const statePath = ladderStatePath(outputs);
  const resume = flags.resume === true ? await readLadderState(statePath) : undefined;
  let isSaved = false;
  let canReplace = flags.force === true || resume !== undefined;
  const write = async (result: QuantizeResult, document: QuantizeDocument): Promise<void> => {
    // What was found is worth more than a quick end: writing is not cancelled.
    await writeResult(result, document, outputs, { force: canReplace, signal: new AbortController().signal });
    canReplace = true;
    isSaved = true;
  };
  const summaryOf = (state: LadderState, isReached: boolean, advice: string): LadderSummary => ({
    maxDrop: ladder.maxDrop,
    floatTop1: state.floatTop1,
    rungs: state.rungs,
    isReached,
    advice,
  });
  const { best, state, isReached, advice } = await climbLadder(model, options, {
    ...ladder,
    resume,
    onBest: (result, reached) =>
      write(result, { ...documentOf(result.report), ladder: summaryOf(reached, false, 'still climbing') }),
    onRung: (_, reached) => writeLadderState(statePath, reached),
  }).catch((cause: unknown) => {
    if (!context.signal.aborted || !isSaved) throw cause;
    throw new AbortedError({
      operation: '[bitwright] accuracy ladder',
      expected: 'to finish',
      received: 'a request to cancel',
      hint: `the best so far is in ${outputs.model}; --resume goes on`,
      cause,
    });
  });
  const document = { ...documentOf(best.report), ladder: summaryOf(state, isReached, advice) };
  await write(best, document);
  return document;
}

// — internals —

async function readLadderState(path: string): Promise<LadderState> {
  if (!existsSync(path)) {
    throw new InputDataError({
      operation: '--resume',
      expected: `the state of an earlier climb at ${path}`,
      received: 'no file',
      hint: 'Start one with --max-drop, without --resume.',
    });
  }
  return ladderStateFromJson(await readFile(path, 'utf8'));
}

async function writeLadderState(path: string, state: LadderState): Promise<void> {
  await writeTextFile(path, ladderStateToJson(state));
}
