import { referenceBackend, type StatisticsBackend } from '@bitwright/core';

/**
 * The native loops for calibration statistics, where this machine has them; undefined: core's own, with the same results.
 */
export async function loadStatisticsBackend(): Promise<StatisticsBackend | undefined> {
  const kernels = await import('@bitwright/kernels-native').catch(() => undefined);
  const loaded = kernels?.tryLoadNativeBackend();
  if (loaded === undefined || 'error' in loaded) return undefined;
  // The reference counts in two passes; observers do better on their own than with that.
  return loaded.backend.histogram === referenceBackend.histogram ? undefined : loaded.backend;
}
