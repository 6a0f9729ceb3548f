import type { LayersModel } from '@tensorflow/tfjs-layers';
import { slotsOf } from '../graph/walk-layers';

/** What training looked like at one moment; per-channel parameters as their mean. */
export interface HistoryEntry {
  readonly progress: number;
  /** Loss, accuracy … as the training loop gave them. */
  readonly logs: Readonly<Record<string, number>>;
  /** Learned parameters by tensor and name: `relu3` → `{ step: 0.12 }`, DSQ → `{ lower, upper, alphaLogit }`. */
  readonly params: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Curves of a training, plain JSON: for plots and reports. */
export interface TrainingHistory {
  readonly entries: readonly HistoryEntry[];
}

/** One entry, from the model as it is. Reads every learned parameter, so call it every now and then. */
export function historyEntry(
  model: LayersModel,
  progress: number,
  logs: Readonly<Record<string, number>>,
): HistoryEntry {
  const params: Record<string, Record<string, number>> = {};
  for (const slot of slotsOf(model)) {
    const values = Object.entries(slot.readParams());
    if (values.length === 0) continue;
    params[slot.tensor] = Object.fromEntries(values.map(([name, data]) => [name, meanOf(data)]));
  }
  return { progress, logs: { ...logs }, params };
}

function meanOf(data: Float32Array): number {
  return data.reduce((sum, v) => sum + v, 0) / Math.max(data.length, 1);
}
