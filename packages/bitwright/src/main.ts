import process from 'node:process';
import { inspectModel, loadRuntime, quantizeModel } from '@bitwright/ptq';
import { exitCode } from './exit-code';
import { run } from './run';

/**
 * The command as a process: runs the process's own arguments, cancels on Ctrl-C or SIGTERM, and sets the exit code.
 * A second Ctrl-C ends the process at once.
 */
export async function main(): Promise<void> {
  const controller = new AbortController();
  const cancel = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(signal === 'SIGTERM' ? exitCode.terminated : exitCode.interrupted);
    controller.abort(signal);
  };
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  process.stdout.on('error', endQuietly);
  try {
    process.exitCode = await run(process.argv.slice(2), {
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      cwd: process.cwd(),
      signal: controller.signal,
      dependencies: { quantizeModel, inspectModel, loadRuntime },
    });
  } finally {
    process.off('SIGINT', cancel);
    process.off('SIGTERM', cancel);
  }
}

/** `bitwright inspect … | head` closes the pipe early; that is no error. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(exitCode.ok);
  throw error;
}
