import { RuntimeError } from '@bitwright/core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Feeds, FeedTensor, FeedType } from './feeds';
import { releaseTensors } from './tensor-releaser';

/** An inference runtime: the one seam behind which onnxruntime sits. */
export interface Runtime {
  readonly name: string;
  readonly version: string;
  /** Execution providers in this build, where the module tells. Models here run on `cpu`. */
  readonly providers?: readonly string[];
  /**
   * Loads a model from bytes, or from a path where it has external data.
   *
   * @throws {RuntimeError} when the runtime refuses the model; the message is the runtime's
   */
  createSession(model: Uint8Array | string, options?: SessionOptions): Promise<Session>;
  /**
   * The model as the runtime really executes it after all its optimizations; absent where the runtime cannot write it out
   * (in a browser).
   */
  optimize?(model: Uint8Array): Promise<Uint8Array>;
}

export interface SessionOptions {
  /** Graph optimization; default `all`, because that is what users run. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
  /** Threads inside one operator; default: the runtime's choice. */
  readonly threads?: number;
  /**
   * Whether threads that wait for work keep a core busy: a little faster where runs follow each other at once, wasteful where other
   * work comes between them or shares the machine. Default: the runtime's choice, which is to spin.
   */
  readonly spinning?: boolean;
}

export interface SessionTensor {
  readonly name: string;
  readonly type: FeedType;
  /** Axis sizes: a number, the name of a symbolic size, or undefined. */
  readonly dims: readonly (number | string | undefined)[];
}

/** A loaded model. Call `release` when done: the memory is not the garbage collector's. */
export interface Session {
  readonly inputs: readonly SessionTensor[];
  readonly outputs: readonly string[];
  /**
   * Runs once; `outputs` limits what is computed and copied out.
   *
   * @throws {RuntimeError} when the run fails
   */
  run(feeds: Feeds, outputs?: readonly string[]): Promise<Readonly<Record<string, FeedTensor>>>;
  /**
   * Gives back the memory of a run's results at once, where that is more than what the garbage collector does; nobody may read them
   * afterwards. Absent where results may share memory with something else.
   */
  discard?(results: Readonly<Record<string, FeedTensor>>): void;
  release(): Promise<void>;
}

/** What this file needs of onnxruntime-node, onnxruntime-web or a module with the same face. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: {
    create(path: string, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor;
  readonly env?: { readonly versions?: Readonly<Record<string, string | undefined>> };
  readonly listSupportedBackends?: () => readonly { readonly name: string; readonly bundled: boolean }[];
}

const moduleNames = ['onnxruntime-node', 'onnxruntime-web'] as const;

/**
 * Wraps an onnxruntime module; without one, loads the installed onnxruntime-node, else onnxruntime-web.
 *
 * @throws {RuntimeError} when none is installed or it does not load, with every attempt and the command that fixes it
 */
export async function loadRuntime(module?: OnnxRuntimeModule): Promise<Runtime> {
  if (module !== undefined) return wrapModule(module, 'onnxruntime');
  const attempts: string[] = [];
  for (const name of moduleNames) {
    try {
      const loaded = (await import(name)) as OnnxRuntimeModule & { default?: OnnxRuntimeModule };
      return wrapModule(
        loaded.InferenceSession === undefined && loaded.default !== undefined ? loaded.default : loaded,
        name,
      );
    } catch (error) {
      attempts.push(`${name}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new RuntimeError({
    operation: '[ptq] loadRuntime',
    expected: 'onnxruntime-node or onnxruntime-web to be installed',
    received: attempts.join('; '),
    hint: 'Run: npm install onnxruntime-node --ignore-scripts (its CPU library needs no install script), or set ONNXRUNTIME_NODE_INSTALL=skip.',
  });
}

function wrapModule(module: OnnxRuntimeModule, name: string): Runtime {
  const versions = module.env?.versions ?? {};
  return Object.freeze({
    name,
    version: versions['node'] ?? versions['web'] ?? versions['common'] ?? 'unknown',
    ...(module.listSupportedBackends === undefined
      ? {}
      : {
          providers: module
            .listSupportedBackends()
            .filter((backend) => backend.bundled)
            .map((backend) => backend.name),
        }),
    async createSession(model: Uint8Array | string, options: SessionOptions = {}): Promise<Session> {
      return wrapSession(await createOrtSession(module, name, model, options), module);
    },
    ...(isNode ? { optimize: (model: Uint8Array) => writeOptimized(module, name, model) } : {}),
  });
}

const isNode: boolean = globalThis.process?.versions?.node !== undefined;

async function createOrtSession(
  { InferenceSession }: OnnxRuntimeModule,
  name: string,
  model: Uint8Array | string,
  options: SessionOptions & { readonly optimizedModelFilePath?: string },
): Promise<InferenceSession> {
  const { optimization = 'all', spinning, optimizedModelFilePath } = options;
  const threads = options.threads ?? (spinning === false ? await floatingThreads() : undefined);
  const sessionOptions: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    graphOptimizationLevel: optimization,
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(spinning === undefined ? {} : { extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } } }),
    ...(optimizedModelFilePath === undefined ? {} : { optimizedModelFilePath }),
  };
  try {
    return await (typeof model === 'string'
      ? InferenceSession.create(model, sessionOptions)
      : InferenceSession.create(model, sessionOptions));
  } catch (cause) {
    throw new RuntimeError({
      operation: `[ptq] ${name}.createSession`,
      expected: 'a model this runtime can load',
      received: (cause as Error).message,
      cause,
    });
  }
}

/** Processors up to which a pinned thread is likely to meet the caller's. */
const fewProcessors = 4;

/**
 * How many threads to ask for where they should not be pinned; undefined: leave it to the runtime.
 *
 * onnxruntime pins the threads of a pool whose size it chooses, one to a core. Where there are few cores, one of them is often the
 * caller's, who is not pinned, and both wait for each other; threads that are asked for by number move freely. Measured on two cores,
 * calibration of ResNet-20: 0.42 s instead of 0.49 s.
 */
async function floatingThreads(): Promise<number | undefined> {
  if (!isNode) return undefined;
  const { availableParallelism } = await import('node:os');
  const processors = availableParallelism();
  return processors <= fewProcessors ? processors : undefined;
}

/** onnxruntime writes its optimized graph only to a path: a temporary folder that is gone afterwards. */
async function writeOptimized(module: OnnxRuntimeModule, name: string, model: Uint8Array): Promise<Uint8Array> {
  const { mkdtemp, readFile, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const folder = await mkdtemp(`${tmpdir()}/bitwright-`);
  try {
    const optimizedModelFilePath = `${folder}/optimized.onnx`;
    const session = await createOrtSession(module, name, model, { optimizedModelFilePath });
    await session.release();
    return await readFile(optimizedModelFilePath);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function wrapSession(session: InferenceSession, module: OnnxRuntimeModule): Session {
  const inputs = session.inputMetadata.map((meta): SessionTensor => {
    if (!meta.isTensor) {
      throw new RuntimeError({
        operation: '[ptq] createSession',
        expected: 'a model whose inputs are tensors',
        received: `input "${meta.name}" that is not`,
      });
    }
    return {
      name: meta.name,
      type: meta.type as FeedType,
      dims: meta.shape.map((d) => ((typeof d === 'number' && d < 0) || d === '' ? undefined : d)),
    };
  });
  return Object.freeze({
    inputs,
    outputs: session.outputNames,
    async run(feeds: Feeds, outputs?: readonly string[]) {
      try {
        const tensors = Object.fromEntries(
          Object.entries(feeds).map(([name, t]) => [name, new module.Tensor(t.type, t.data, t.dims)]),
        );
        const results = await (outputs === undefined ? session.run(tensors) : session.run(tensors, [...outputs]));
        return results as unknown as Readonly<Record<string, FeedTensor>>;
      } catch (cause) {
        throw new RuntimeError({
          operation: '[ptq] Session.run',
          expected: `inputs ${inputs.map((i) => `${i.name} ${i.type}[${i.dims.map((d) => d ?? '?').join(',')}]`).join(', ')}`,
          received: `${Object.entries(feeds)
            .map(([n, t]) => `${n} ${t.type}[${t.dims.join(',')}]`)
            .join(', ')}: ${(cause as Error).message}`,
          cause,
        });
      }
    },
    discard: releaseTensors,
    release: () => session.release(),
  });
}
