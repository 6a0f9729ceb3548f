import { elementCount, seededRandom } from '@bitwright/core';
import { inferShapes, type Model, staticDims } from '@bitwright/onnx';
import type { SampleSource } from '../feeds';
import { drawPositions, gatherTargets, positionsPerSample } from './layer-samples';
import type { PrefixRunner } from './prefix-runner';
import type { RoundableLayer } from './roundable-layers';
import type { RoundingSettings } from './rounding-options';

/** A layer and the float tensor it is to reconstruct. */
export interface LayerGoal {
  readonly layer: RoundableLayer;
  /** Position among all layers: it seeds the draw of positions. */
  readonly order: number;
  /** The layer's own output, or the sum behind it. */
  readonly tensor: string;
  /** The sum's other operand in the quantized model; undefined for the layer's own output. */
  readonly other: string | undefined;
}

/** What the float model gives at the drawn positions of one batch. */
export interface TargetBatch {
  /** Shape of the tensor. */
  readonly dims: readonly number[];
  /** Positions per sample. */
  readonly positions: readonly Int32Array[];
  /** Rows [samples · positions, channels]. */
  readonly values: Float32Array;
}

/** Rows (samples × positions) of a layer's statistics per input of one output, within the two bounds below. */
const rowsPerColumn = 24;
const fewestRows = 4096;
const mostRows = 32_768;
/** Bytes of tapped tensors per run: what the runtime hands out before positions are drawn. */
const tappedBytes = 192 * 2 ** 20;
/** Layers per pass where sizes are not known beforehand. */
const layersOfUnknownSize = 6;

/**
 * Splits goals, in order, into groups whose targets one pass over the float model can hand out together.
 */
export async function groupGoals(
  goals: readonly LayerGoal[],
  model: Model,
  source: SampleSource,
  settings: RoundingSettings,
): Promise<readonly (readonly LayerGoal[])[]> {
  const bytesOf = await tensorBytes(model, source, settings.batchSize);
  const groups: LayerGoal[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const goal of goals) {
    const size = bytesOf(goal.tensor) ?? tappedBytes / layersOfUnknownSize;
    const group = groups.at(-1);
    if (group === undefined || bytes + size > tappedBytes) {
      groups.push([goal]);
      bytes = size;
    } else {
      group.push(goal);
      bytes += size;
    }
  }
  return groups;
}

/** One pass over the float model: targets of all goals at drawn positions. Memory is bounded by rows, not by samples. */
export async function collectTargets(
  goals: readonly LayerGoal[],
  float: PrefixRunner,
  settings: RoundingSettings,
): Promise<ReadonlyMap<LayerGoal, readonly TargetBatch[]>> {
  const found = new Map(goals.map((goal): [LayerGoal, TargetBatch[]] => [goal, []]));
  const randoms = goals.map((goal) => seededRandom((settings.seed + Math.imul(goal.order, 0x9e3779b9)) >>> 0));
  for await (const values of float.pass(goals.map((goal) => goal.tensor))) {
    for (const [i, goal] of goals.entries()) {
      const tensor = values[goal.tensor];
      const random = randoms[i];
      if (tensor === undefined || random === undefined) continue;
      const { layer } = goal;
      const wanted = Math.min(Math.max(rowsPerColumn * layer.layout.columns, fewestRows), mostRows);
      const perSample = Math.max(1, Math.ceil(wanted / settings.expectedSamples));
      const available = positionsPerSample(layer, tensor);
      const positions = Array.from({ length: tensor.dims[0] ?? 1 }, () => drawPositions(available, perSample, random));
      found.get(goal)?.push({ dims: tensor.dims, positions, values: gatherTargets(layer, tensor, positions) });
    }
  }
  return found;
}

// — internals —

async function tensorBytes(
  model: Model,
  source: SampleSource,
  batchSize: number,
): Promise<(tensor: string) => number | undefined> {
  for await (const feeds of source.batches(batchSize)) {
    const shapes = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.dims]));
    const types = inferShapes(model, { shapes });
    return (tensor) => {
      const dims = staticDims(types.get(tensor)?.dims);
      return dims === undefined ? undefined : 4 * elementCount(dims);
    };
  }
  return () => undefined;
}
