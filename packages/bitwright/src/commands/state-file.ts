import { readFile } from 'node:fs/promises';
import { InputDataError, QuantError } from '@bitwright/core';
import { type CalibrationState, calibrationStateFromJson, calibrationStateToJson } from '@bitwright/ptq';
import { writeTextFile } from '../output/text-files';

/**
 * Reads a calibration state.
 *
 * @throws {InputDataError} when the file is missing, no calibration state, or damaged
 */
export async function readState(path: string): Promise<CalibrationState> {
  const operation = `[bitwright] read calibration state ${path}`;
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const received = cause.code === 'ENOENT' ? 'no such file' : cause.message;
    throw new InputDataError({ operation, expected: 'a state file of `bitwright calibrate`', received, cause });
  });
  try {
    return calibrationStateFromJson(text);
  } catch (cause) {
    if (!QuantError.isInstance(cause)) throw cause;
    const hint = 'It is no state file of `bitwright calibrate`, or is damaged or cut off.';
    throw new InputDataError({ operation, expected: cause.expected, received: cause.received, hint, cause });
  }
}

/** Writes a state beside its place and moves it there: a kill leaves the old state or the new one, never half of one. */
export async function writeState(path: string, state: CalibrationState): Promise<void> {
  await writeTextFile(path, calibrationStateToJson(state));
}
