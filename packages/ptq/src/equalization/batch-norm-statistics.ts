import {
  DataType,
  foldBatchNorm,
  type GraphIndex,
  getInt,
  graphIndex,
  isExternal,
  type Model,
  opsetVersion,
  simplifyPasses,
  tensorToFloat32,
} from '@bitwright/onnx';

/** What is known about the values of one tensor per channel. */
export interface ChannelStatistics {
  readonly mean: Float64Array;
  /** Standard deviation. */
  readonly std: Float64Array;
  /** Extremes, where the values were observed and not derived. */
  readonly min?: Float64Array;
  readonly max?: Float64Array;
}

/** Statistics by tensor name. */
export type StatisticsTable = ReadonlyMap<string, ChannelStatistics>;

/**
 * Statistics that BatchNormalization nodes promise for their outputs: mean β and standard deviation |γ| per channel, by the
 * name of the output. Folding keeps that name, so the entries hold for the outputs of the folded layers.
 *
 * @param model The model as it came, before any folding.
 * @see Nagel et al. 2019, arXiv:1906.04721 §4.2.1
 */
export function batchNormStatistics(model: Model): StatisticsTable {
  const statistics = new Map<string, ChannelStatistics>();
  const { graph } = beforeFolding(model);
  if (graph === undefined) return statistics;
  const index = graphIndex(graph);
  const opset = opsetVersion(model);
  for (const node of index.nodes) {
    if (node.opType !== 'BatchNormalization' || (node.domain !== '' && node.domain !== 'ai.onnx')) continue;
    const isInference = getInt(node, 'training_mode', 0) === 0 && (opset >= 9 || getInt(node, 'spatial', 1) !== 0);
    const gamma = constantFloats(node.input[1], index);
    const beta = constantFloats(node.input[2], index);
    if (!isInference || gamma === undefined || beta === undefined) continue;
    statistics.set(node.output[0] ?? '', {
      mean: Float64Array.from(beta),
      std: Float64Array.from(gamma, Math.abs),
    });
  }
  return statistics;
}

/** Statistics after the channels of some tensors were divided by s: all of them divide by s (std by |s|). */
export function scaleStatistics(
  statistics: StatisticsTable,
  scales: ReadonlyMap<string, Float64Array>,
): StatisticsTable {
  return new Map(
    [...statistics].map(([name, entry]): [string, ChannelStatistics] => {
      const scale = scales.get(name);
      if (scale === undefined || scale.length !== entry.mean.length) return [name, entry];
      const divided = (values: Float64Array): Float64Array => values.map((v, c) => v / (scale[c] as number));
      return [
        name,
        {
          mean: divided(entry.mean),
          std: divided(entry.std),
          ...(entry.min === undefined ? {} : { min: divided(entry.min) }),
          ...(entry.max === undefined ? {} : { max: divided(entry.max) }),
        },
      ];
    }),
  );
}

/** Statistics after constants were subtracted from the channels of some tensors. */
export function shiftStatistics(
  statistics: StatisticsTable,
  shifts: ReadonlyMap<string, Float64Array>,
): StatisticsTable {
  return new Map(
    [...statistics].map(([name, entry]): [string, ChannelStatistics] => {
      const shift = shifts.get(name);
      if (shift === undefined || shift.length !== entry.mean.length) return [name, entry];
      const moved = (values: Float64Array): Float64Array => values.map((v, c) => v - (shift[c] as number));
      return [
        name,
        {
          mean: moved(entry.mean),
          std: entry.std,
          ...(entry.min === undefined ? {} : { min: moved(entry.min) }),
          ...(entry.max === undefined ? {} : { max: moved(entry.max) }),
        },
      ];
    }),
  );
}

// — internals —

/** The model as the folding pass will see it: names of values are those that survive. */
function beforeFolding(model: Model): Model {
  let current = model;
  for (const pass of simplifyPasses) {
    if (pass === foldBatchNorm) break;
    current = pass.run(current).model;
  }
  return current;
}

function constantFloats(name: string | undefined, index: GraphIndex): Float32Array | undefined {
  const tensor = name === undefined ? undefined : index.initializer(name);
  if (tensor === undefined || tensor.dataType !== DataType.FLOAT || isExternal(tensor)) return undefined;
  return tensorToFloat32(tensor);
}
