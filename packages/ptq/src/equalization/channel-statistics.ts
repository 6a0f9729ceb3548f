import { InvalidArgumentError, NonFiniteDataError } from '@bitwright/core';
import { createValueInfo, DataType, editGraph, encodeModel, inferShapes, type Model } from '@bitwright/onnx';
import type { SampleSource } from '../feeds';
import type { OnProgress } from '../progress';
import { runSamples } from '../run-samples';
import type { Runtime } from '../session';
import type { ChannelStatistics, StatisticsTable } from './batch-norm-statistics';
import { addChannelReduction } from './reduction-nodes';

/** A tensor and the axis of its channels; −1 is the last. */
export interface ChannelTensor {
  readonly tensor: string;
  readonly axis: number;
}

export interface ObserveChannelsOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly tensors: readonly ChannelTensor[];
  /** Samples per run. Default 32. */
  readonly batchSize?: number;
  /** Samples used at most. Default 256. */
  readonly samples?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Mean, standard deviation and extremes per channel of inner tensors on some samples. The reductions run inside the graph: per
 * tensor and run four rows of channels leave the runtime, and memory does not grow with the number of samples.
 *
 * Sums over runs are in float64, weighted by the samples of each run; the reductions of one run are in float32.
 *
 * @throws {InvalidArgumentError} when the rank of a tensor is not known
 * @throws {InputDataError} when there is no sample
 * @throws {NonFiniteDataError} when a channel becomes NaN or infinite
 */
export async function observeChannels(model: Model, options: ObserveChannelsOptions): Promise<StatisticsTable> {
  const { tensors, runtime } = options;
  if (tensors.length === 0) return new Map();
  const tapped = tapChannels(model, tensors);
  const outputs = [...tapped.taps.values()].flatMap(({ mean, square, min, max }) => [mean, square, min, max]);
  const sums = new Map<string, ChannelSums>();
  const session = await runtime.createSession(encodeModel(tapped.model));
  const samples = await runSamples('[ptq] observeChannels', session, outputs, options, (results, count) => {
    for (const [tensor, tap] of tapped.taps) {
      const row = (name: string): Float32Array => results[name]?.data as Float32Array;
      addRun(sums, tensor, count, row(tap.mean), row(tap.square), row(tap.min), row(tap.max));
    }
  });
  return new Map([...sums].map(([tensor, sum]) => [tensor, finish(sum, samples)]));
}

// — internals —

interface ChannelTap {
  readonly mean: string;
  readonly square: string;
  readonly min: string;
  readonly max: string;
}

function tapChannels(
  model: Model,
  tensors: readonly ChannelTensor[],
): { readonly model: Model; readonly taps: ReadonlyMap<string, ChannelTap> } {
  const types = inferShapes(model);
  const edit = editGraph(model);
  const taps = new Map<string, ChannelTap>();
  for (const { tensor, axis } of tensors) {
    const rank = types.get(tensor)?.dims?.length;
    if (rank === undefined) {
      throw new InvalidArgumentError({
        operation: '[ptq] observeChannels',
        expected: `a tensor "${tensor}" of known rank in the model`,
        received: types.has(tensor) ? 'one of unknown rank' : 'none',
      });
    }
    const channelAxis = axis < 0 ? axis + rank : axis;
    const squared = edit.uniqueName(`${tensor}_squared`);
    edit.addNode({
      opType: 'Mul',
      name: edit.uniqueNodeName(squared),
      inputs: [tensor, tensor],
      outputs: [squared],
    });
    const tap: ChannelTap = {
      mean: addChannelReduction(edit, 'ReduceMean', tensor, rank, channelAxis, false),
      square: addChannelReduction(edit, 'ReduceMean', squared, rank, channelAxis, false),
      min: addChannelReduction(edit, 'ReduceMin', tensor, rank, channelAxis, false),
      max: addChannelReduction(edit, 'ReduceMax', tensor, rank, channelAxis, false),
    };
    for (const name of [tap.mean, tap.square, tap.min, tap.max])
      edit.addOutput(createValueInfo(name, DataType.FLOAT, [undefined]));
    taps.set(tensor, tap);
  }
  return { model: edit.finish(), taps };
}

interface ChannelSums {
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

function addRun(
  sums: Map<string, ChannelSums>,
  tensor: string,
  count: number,
  mean: Float32Array,
  square: Float32Array,
  min: Float32Array,
  max: Float32Array,
): void {
  const channels = mean.length;
  const known = sums.get(tensor) ?? {
    sum: new Float64Array(channels),
    squares: new Float64Array(channels),
    min: new Float64Array(channels).fill(Number.POSITIVE_INFINITY),
    max: new Float64Array(channels).fill(Number.NEGATIVE_INFINITY),
  };
  sums.set(tensor, known);
  for (let c = 0; c < channels; c++) {
    if (!Number.isFinite(mean[c]) || !Number.isFinite(min[c]) || !Number.isFinite(max[c])) {
      throw new NonFiniteDataError({
        operation: `[ptq] observeChannels "${tensor}"`,
        expected: 'finite values',
        received: `NaN or infinity in channel ${c}`,
        hint: 'Check the calibration data and the model for overflow.',
      });
    }
    known.sum[c] = (known.sum[c] as number) + count * (mean[c] as number);
    known.squares[c] = (known.squares[c] as number) + count * (square[c] as number);
    known.min[c] = Math.min(known.min[c] as number, min[c] as number);
    known.max[c] = Math.max(known.max[c] as number, max[c] as number);
  }
}

function finish({ sum, squares, min, max }: ChannelSums, samples: number): ChannelStatistics {
  const mean = sum.map((s) => s / samples);
  const std = squares.map((s, c) => Math.sqrt(Math.max(0, s / samples - (mean[c] as number) ** 2)));
  return { mean, std, min, max };
}
