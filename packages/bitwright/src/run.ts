import { QuantError } from '@bitwright/core';
import { CommanderError } from 'commander';
import { createProgram } from './cli';
import type { Context } from './context';
import { exitCode } from './exit-code';
import { createPaint } from './terminal/colour';
import { errorDocument, formatError } from './terminal/error-message';

/**
 * Runs one command line, e.g. `['quantize', 'model.onnx', '--data', 'calib.npy']`, and prints what comes of it.
 *
 * Never throws: errors are printed on stderr as one message (and, with `--json`, as a document on stdout).
 *
 * @returns the exit code: 0 done, 1 failed, 2 wrong command line, 130 or 143 cancelled
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const result = { exitCode: exitCode.ok };
  try {
    await createProgram(context, result).parseAsync([...argv], { from: 'user' });
    return result.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return commanderExitCode(error);
    if (context.signal.aborted) return reportCancelled(context, error);
    context.stderr.write(formatError(error, createPaint(context.stderr, context.env), context.env));
    if (argv.includes('--json')) context.stdout.write(`${JSON.stringify(errorDocument(error), undefined, 2)}\n`);
    return isUsage(error) ? exitCode.usage : exitCode.failed;
  }
}

// — internals —

/** The parser has printed its message already; help that was asked for is no error. */
function commanderExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
}

/** A command that keeps something when it is cancelled says so in the hint of its error. */
function reportCancelled({ stderr, signal }: Context, error: unknown): number {
  const kept = QuantError.isInstance(error) ? error.hint : undefined;
  stderr.write(`cancelled; ${kept ?? 'no file was written'}\n`);
  return signal.reason === 'SIGTERM' ? exitCode.terminated : exitCode.interrupted;
}

function isUsage(error: unknown): boolean {
  return QuantError.isInstance(error) && (error.code === 'ERR_USAGE' || error.code === 'ERR_INVALID_ARGUMENT');
}
