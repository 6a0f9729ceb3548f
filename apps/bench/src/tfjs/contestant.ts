import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EngineName } from './engine-name';

/** A process that runs workloads on one engine. */
export interface Contestant {
  readonly name: EngineName;
  readonly version: string;
  /** Builds the workload anew; false where this engine does not have it. */
  readonly prepare: (workload: string) => Promise<boolean>;
  /** Runs one step that is not counted, then steps for at least `ms` and at least two; milliseconds of each, measured inside. */
  readonly turn: (ms: number) => Promise<readonly number[]>;
  readonly close: () => void;
}

/** What a contestant's process is asked. */
export type Request = { readonly workload: string } | { readonly turn: number };

/** What it says: its version once it is ready, then an answer to each request. */
export type Reply =
  | { readonly version: string }
  | { readonly isPrepared: boolean }
  | { readonly times: readonly number[] };

export interface ContestantOptions {
  /** Threads of our backend; undefined: its default. The peers take what they want. */
  readonly threads: number | undefined;
  /** Folder whose node_modules hold @tensorflow/tfjs-node. */
  readonly peerFolder: string | undefined;
  /** A Python with torch. */
  readonly python: string | undefined;
}

/** Our backend, and the peers that are there. */
export function startContestants({ threads, peerFolder, python }: ContestantOptions): Promise<Contestant[]> {
  const starts = [startNode('bitwright', String(threads ?? ''), '')];
  if (peerFolder !== undefined) starts.push(startNode('tfjs-node', '', peerFolder));
  if (python !== undefined) starts.push(startPyTorch(python));
  return Promise.all(starts);
}

// — internals —

function startNode(name: EngineName, threads: string, peerFolder: string): Promise<Contestant> {
  const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [name, threads, peerFolder], {
    execArgv: ['--import', 'tsx', '--conditions=@bitwright/source'],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return contestant(name, worker, {
    send: (request) => worker.send(request),
    listen: (answer) => worker.on('message', (message) => answer(message as Reply)),
  });
}

/** The same conversation in lines of JSON. */
function startPyTorch(python: string): Promise<Contestant> {
  const worker = spawn(python, [fileURLToPath(new URL('pytorch_worker.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return contestant('pytorch', worker, {
    send: (request) => worker.stdin.write(`${JSON.stringify(request)}\n`),
    listen: (answer) => createInterface(worker.stdout).on('line', (line) => answer(JSON.parse(line) as Reply)),
  });
}

/** How requests reach a process, and its replies us. */
export interface Conversation {
  readonly send: (request: Request) => void;
  readonly listen: (answer: (reply: Reply) => void) => void;
}

/**
 * A contestant whose process has said its version. Its end is an error that carries what it said last, for whoever waits then or
 * asks later.
 */
export async function contestant(
  name: EngineName,
  worker: ChildProcess,
  { send, listen }: Conversation,
): Promise<Contestant> {
  let lastWords = '';
  worker.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-2000);
  });
  let waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    waiting?.reject(failure);
  };
  listen((reply) => waiting?.resolve(reply));
  worker.on('error', fail);
  // Writing to a process that is gone; its exit may not be known yet.
  worker.stdin?.on('error', ({ message }) =>
    fail(new Error(`the process of ${name} does not listen (${message}): ${lastWords}`)),
  );
  worker.once('exit', (code, signal) => {
    fail(new Error(`the process of ${name} ended with ${code ?? signal}: ${lastWords}`));
  });
  const nextReply = (): Promise<Reply> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  const ask = async (request: Request): Promise<Reply> => {
    if (failure !== undefined) throw failure;
    const reply = nextReply();
    send(request);
    return reply;
  };
  const greeting = await nextReply();
  return {
    name,
    version: 'version' in greeting ? greeting.version : name,
    prepare: async (workload) => {
      const reply = await ask({ workload });
      return 'isPrepared' in reply && reply.isPrepared;
    },
    turn: async (ms) => {
      const reply = await ask({ turn: ms });
      return 'times' in reply ? reply.times : [];
    },
    close: () => worker.kill(),
  };
}
