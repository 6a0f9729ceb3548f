import { type AnyCommand, anyCommand } from '../command';
import { calibrate } from './calibrate';
import { compare } from './compare';
import { convert } from './convert';
import { doctor } from './doctor';
import { exportCommand } from './export';
import { inspect } from './inspect';
import { merge } from './merge';
import { quantize } from './quantize';
import { runModel } from './run-model';

/** All commands, in the order of the help. */
export const commands: readonly AnyCommand[] = [
  anyCommand(quantize),
  anyCommand(calibrate),
  anyCommand(merge),
  anyCommand(compare),
  anyCommand(exportCommand),
  anyCommand(convert),
  anyCommand(runModel),
  anyCommand(inspect),
  anyCommand(doctor),
];
