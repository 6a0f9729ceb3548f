import { availableParallelism } from 'node:os';
import type { StatisticsBackend } from '@bitwright/core';

/**
 * The native loops for calibration statistics, where this machine has them; undefined: core's own, with the same results.
 *
 * They take turns with onnxruntime, whose threads need the processors more: a quarter of them is enough (on two cores, one thread takes
 * 13 % less processor time than two, and no longer).
 *
 * @param threads for other work than statistics
 */
export async function loadStatisticsBackend(
  threads: number = Math.max(1, Math.floor(availableParallelism() / 4)),
): Promise<StatisticsBackend | undefined> {
  const kernels = await import('@bitwright/kernels-native').catch(() => undefined);
  const loaded = kernels?.tryLoadNativeBackend({ threads });
  return loaded === undefined || 'error' in loaded ? undefined : loaded.backend;
}
