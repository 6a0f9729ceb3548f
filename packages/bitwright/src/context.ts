import type { inspectModel, loadRuntime, quantizeModel } from '@bitwright/ptq';

/** A stream the command prints to. Node's own streams fit; tests pass a collector. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The work behind the commands, so that other implementations can be passed in. */
export interface Dependencies {
  readonly quantizeModel: typeof quantizeModel;
  readonly inspectModel: typeof inspectModel;
  readonly loadRuntime: typeof loadRuntime;
}

/** Everything a command takes from the process around it. */
export interface Context {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly dependencies: Dependencies;
}
