import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineName } from './engine-name';

/** A process that runs workloads on one engine. */
export interface Contestant {
  readonly name: EngineName;
  readonly version: string;
  readonly prepare: (workload: string) => Promise<void>;
  /** Runs one step and returns its milliseconds, measured inside the process. */
  readonly step: () => Promise<number>;
  readonly close: () => void;
}

export interface ContestantOptions {
  /** Threads of our backend; undefined: its default. The peer always takes what it wants. */
  readonly threads: number | undefined;
  /** Folder whose node_modules hold @tensorflow/tfjs-node. */
  readonly peerFolder: string | undefined;
}

export async function startContestant(
  name: EngineName,
  { threads, peerFolder }: ContestantOptions,
): Promise<Contestant> {
  const worker = fork(
    fileURLToPath(new URL('worker.ts', import.meta.url)),
    [name, String(threads ?? ''), peerFolder ?? ''],
    {
      execArgv: ['--import', 'tsx', '--conditions=@bitwright/source'],
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  let lastWords = '';
  worker.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-2000);
  });
  const complaints = (): string => lastWords;
  const { version } = (await reply(worker, name, complaints)) as { version: string };
  const ask = async (message: object): Promise<number> => {
    worker.send(message);
    return ((await reply(worker, name, complaints)) as { ms: number }).ms;
  };
  return {
    name,
    version,
    prepare: async (workload) => {
      await ask({ workload });
    },
    step: () => ask({}),
    close: () => worker.kill(),
  };
}

// — internals —

/** The next message of a worker; its end is an error that carries what it said last. */
function reply(worker: ChildProcess, name: string, complaints: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void => {
      reject(new Error(`the process of ${name} ended with ${code ?? signal}: ${complaints()}`));
    };
    worker.once('exit', ended);
    worker.once('message', (message) => {
      worker.off('exit', ended);
      resolve(message);
    });
  });
}
