import { encodeModel, type Model } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';

/** Typed arrays a session takes and gives. */
export type PeerData = Float32Array | Uint8Array | Int8Array | Int32Array;

/** One input or output of a model. */
export interface PeerTensor {
  readonly type: 'float32' | 'uint8' | 'int8' | 'int32';
  readonly data: PeerData;
  readonly dims: readonly number[];
}

/** A model on onnxruntime with fixed inputs, ready to be timed. */
export interface Peer {
  /** Runs once; outputs go to memory allocated beforehand. */
  run(): Promise<void>;
  /** Data of an output after the last run. */
  output(name: string): PeerData;
  close(): Promise<void>;
}

export const peerName: string = `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common}`;

/**
 * Loads a model with all optimizations, as users run it, on so many threads.
 *
 * @param outputs Memory for the results; give it, so that the peer does not pay for allocation.
 */
export async function createPeer(
  model: Model,
  threads: number,
  inputs: Readonly<Record<string, PeerTensor>>,
  outputs: Readonly<Record<string, PeerTensor>>,
): Promise<Peer> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds = toTensors(inputs);
  const fetches = toTensors(outputs);
  return {
    run: async () => void (await session.run(feeds, fetches)),
    output: (name) => (fetches[name] as ort.Tensor).data as PeerData,
    close: () => session.release(),
  };
}

// — internals —

function toTensors(tensors: Readonly<Record<string, PeerTensor>>): Record<string, ort.Tensor> {
  const entries = Object.entries(tensors).map(([name, { type, data, dims }]) => [
    name,
    new ort.Tensor(type, data as never, [...dims]),
  ]);
  return Object.fromEntries(entries) as Record<string, ort.Tensor>;
}
