import { readFile } from 'node:fs/promises';
import { InputDataError } from '@bitwright/core';
import { type CalibrationState, calibrationStateFromJson, calibrationStateToJson } from '@bitwright/ptq';
import { writeTextFile } from '../output/text-files';

/**
 * Reads a calibration state.
 *
 * @throws {InputDataError} when the file is missing, no calibration state, or damaged
 */
export async function readState(path: string): Promise<CalibrationState> {
  try {
    return calibrationStateFromJson(await readFile(path, 'utf8'));
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new InputDataError({
      operation: '[bitwright] read calibration state',
      expected: `a state file of \`bitwright calibrate\` at ${path}`,
      received: isMissing
        ? 'no such file'
        : `one that is none, or is damaged or cut off (${firstLine(cause as Error)})`,
      cause,
    });
  }
}

/** Writes a state beside its place and moves it there: a kill leaves the old state or the new one, never half of one. */
export async function writeState(path: string, state: CalibrationState): Promise<void> {
  await writeTextFile(path, calibrationStateToJson(state));
}

// — internals —

/** The first line of a message, without the operation in front. */
function firstLine({ message }: Error): string {
  return message.replace(/^\[ptq\] [^:]*: /, '').split('\n', 1)[0] ?? '';
}
