import type { ConvolutionBackend, StatisticsBackend } from '@bitwright/core';

/**
 * The native loops for calibration statistics and block reconstruction, where this machine has them; undefined: core's own, with the same results.
 */
export async function loadStatisticsBackend(): Promise<(StatisticsBackend & ConvolutionBackend) | undefined> {
  const kernels = await import('@bitwright/kernels-native').catch(() => undefined);
  const loaded = kernels?.tryLoadNativeBackend();
  return loaded === undefined || 'error' in loaded ? undefined : loaded.backend;
}
