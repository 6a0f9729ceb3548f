import { type AnyCommand, anyCommand } from '../command';
import { doctor } from './doctor';
import { inspect } from './inspect';
import { quantize } from './quantize';

/** All commands, in the order of the help. */
export const commands: readonly AnyCommand[] = [anyCommand(quantize), anyCommand(inspect), anyCommand(doctor)];
