import {
  createGraph,
  createMessage,
  createValueInfo,
  DataType,
  encodeModel,
  type GraphIndex,
  inferShapes,
  type Model,
  ModelSchema,
  type Node,
  type Tensor,
} from '@bitwright/onnx';
import type { Feeds, FeedTensor, SampleSource } from '../feeds';
import { limitedBatches } from '../sample-source';
import type { Runtime, SessionOptions } from '../session';
import { indexOf, nodeReads, nodesFor } from './graph-reads';

/** Values of inner tensors, by name. */
export type Values = Readonly<Record<string, FeedTensor>>;

/**
 * Runs ever longer prefixes of a model over the same samples. What later nodes still read is kept between passes where it fits a
 * memory budget, so that each pass starts where the last one ended; else it starts at the last place that was kept, at worst at
 * the model's inputs (constant memory).
 */
export interface PrefixRunner {
  readonly index: GraphIndex;
  /** Changes a constant for all nodes that have not run yet. */
  setInitializer(tensor: Tensor): void;
  /** Values of the wanted tensors, batch by batch; model inputs may be wanted too. */
  pass(wanted: readonly string[]): AsyncGenerator<Values>;
  release(): void;
}

export interface PrefixOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly batchSize: number;
  readonly samples: number;
  /** Bytes of inner values that may be kept between passes. */
  readonly cacheBytes: number;
  readonly optimization: NonNullable<SessionOptions['optimization']>;
}

/** Values kept after a pass: the nodes that need not run again, and what the others read of them. */
interface Checkpoint {
  readonly done: ReadonlySet<Node>;
  readonly batches: readonly Values[];
}

export function createPrefixRunner(model: Model, options: PrefixOptions): PrefixRunner {
  const index = indexOf(model, '[ptq] createPrefixRunner');
  const reads = nodeReads(index);
  const types = inferShapes(model);
  const initializers = new Map(index.graph.initializer.map((tensor) => [tensor.name, tensor]));
  let checkpoint: Checkpoint | undefined;

  const isKnown = (name: string): boolean => {
    if (initializers.has(name) || index.isInput(name)) return true;
    const producer = index.producer(name);
    return producer !== undefined && checkpoint?.done.has(producer) === true;
  };
  const isCheap = (node: Node): boolean => isCodeDequantizer(node, initializers);

  /** Whether a value was there once and was not kept. */
  const isLost = (name: string): boolean => {
    const producer = index.producer(name);
    const isDone = producer === undefined || checkpoint?.done.has(producer) === true;
    return isDone && checkpoint?.batches[0]?.[name] === undefined;
  };

  /** What nodes outside `done` read of it: all that has to be kept. A cheap node counts only while somebody waits for it. */
  const frontierOf = (done: ReadonlySet<Node>): string[] => {
    const needed = new Set<string>();
    const waiting = new Set<Node>();
    for (const node of [...index.nodes].reverse()) {
      if (done.has(node)) continue;
      const isRead = node.output.some((name) => index.consumers(name).some((use) => waiting.has(use.owner)));
      if (isCheap(node) && !isRead) continue;
      waiting.add(node);
      for (const name of reads.get(node) ?? []) {
        const producer = index.producer(name);
        if (index.isInput(name) || (producer !== undefined && done.has(producer))) needed.add(name);
      }
    }
    return [...needed];
  };

  const segment = (nodes: readonly Node[], outputs: readonly string[]): Uint8Array => {
    const produced = new Set(nodes.flatMap((node) => node.output));
    const used = new Set(nodes.flatMap((node) => reads.get(node) ?? []));
    const fed = [...used].filter((name) => !produced.has(name) && !initializers.has(name));
    return encodeModel(
      createMessage(ModelSchema, {
        irVersion: model.irVersion,
        opsetImport: model.opsetImport,
        functions: model.functions,
        graph: createGraph({
          name: 'segment',
          nodes,
          inputs: fed.map((name) => createValueInfo(name, types.get(name)?.dataType ?? DataType.FLOAT)),
          outputs: outputs.map((name) => createValueInfo(name, types.get(name)?.dataType ?? DataType.FLOAT)),
          initializers: [...used].flatMap((name) => initializers.get(name) ?? []),
        }),
      }),
    );
  };

  async function* feedsOf(): AsyncGenerator<Values> {
    if (checkpoint !== undefined) yield* checkpoint.batches;
    else yield* limitedBatches(options.source, options.batchSize, options.samples);
  }

  return {
    index,
    setInitializer(tensor) {
      initializers.set(tensor.name, tensor);
    },
    async *pass(wanted) {
      if (checkpoint !== undefined && wanted.some((name) => isLost(name))) checkpoint = undefined;
      const nodes = nodesFor(wanted, isKnown, index, reads);
      const done = new Set<Node>([...(checkpoint?.done ?? []), ...nodes].filter((node) => !isCheap(node)));
      const frontier = frontierOf(done);
      const produced = new Set(nodes.flatMap((node) => node.output));
      const outputs = [...new Set([...wanted, ...frontier])].filter((name) => produced.has(name));
      const session =
        outputs.length === 0
          ? undefined
          : await options.runtime.createSession(segment(nodes, outputs), { optimization: options.optimization });
      const kept: Values[] = [];
      let keptBytes = 0;
      let isKept = true;
      try {
        for await (const feeds of feedsOf()) {
          const known: Feeds =
            session === undefined
              ? {}
              : Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name] as FeedTensor]));
          const results: Values =
            session === undefined ? {} : await session.run(known, isKept ? outputs : wantedOf(wanted, produced));
          const all: Values = { ...feeds, ...results };
          if (isKept) {
            const values = Object.fromEntries(frontier.map((name) => [name, all[name] as FeedTensor]));
            for (const value of Object.values(values)) keptBytes += value.data.byteLength;
            kept.push(values);
            // Half of the budget: the values of the last pass live until this one is complete.
            if (keptBytes > options.cacheBytes / 2) {
              isKept = false;
              kept.length = 0;
            }
          }
          yield all;
        }
      } finally {
        await session?.release();
      }
      if (isKept && nodes.length > 0) checkpoint = { done, batches: kept };
    },
    release() {
      checkpoint = undefined;
    },
  };
}

// — internals —

function wantedOf(wanted: readonly string[], produced: ReadonlySet<string>): string[] {
  return wanted.filter((name) => produced.has(name));
}

/** A DequantizeLinear of 8-bit codes is left to the next pass: its input is a quarter of its output. */
function isCodeDequantizer(node: Node, initializers: ReadonlyMap<string, Tensor>): boolean {
  if (node.opType !== 'DequantizeLinear') return false;
  const type = initializers.get(node.input[2] ?? '')?.dataType;
  return type === DataType.UINT8 || type === DataType.INT8;
}
