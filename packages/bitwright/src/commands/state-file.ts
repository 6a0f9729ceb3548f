import { readFile } from 'node:fs/promises';
import { InputDataError, QuantError } from '@bitwright/core';
import { type CalibrationState, calibrationStateFromJson, calibrationStateToJson } from '@bitwright/ptq';
import { stageTextFiles } from '../output/text-files';

/**
 * Reads a calibration state.
 *
 * @throws {InputDataError} when the file is missing, no calibration state, or damaged
 */
export async function readState(path: string): Promise<CalibrationState> {
  try {
    return calibrationStateFromJson(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new InputDataError({
      operation: '[bitwright] read calibration state',
      expected: `a state file of \`bitwright calibrate\` at ${path}`,
      received: QuantError.isInstance(cause) ? cause.message : (cause as Error).message,
      cause,
    });
  }
}

/** Writes a state beside its place and moves it there: a kill leaves the old state or the new one, never half of one. */
export async function writeState(path: string, state: CalibrationState): Promise<void> {
  const staged = await stageTextFiles(new Map([[path, calibrationStateToJson(state)]]));
  try {
    await staged.commit();
  } finally {
    await staged.discard();
  }
}
