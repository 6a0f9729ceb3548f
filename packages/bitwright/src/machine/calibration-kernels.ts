import { availableParallelism } from 'node:os';
import type { QuantizeOptions } from '@bitwright/ptq';

/**
 * The native kernels for calibration, where this machine has them: they count statistics, run float models made of convolutions, and learn
 * the rounding of blocks. Undefined: core's own loops, and onnxruntime for the model.
 */
export async function loadCalibrationKernels(): Promise<QuantizeOptions['backend']> {
  const kernels = await import('@bitwright/kernels-native').catch(() => undefined);
  const loaded = kernels?.tryLoadNativeBackend({ threads: availableParallelism() });
  return loaded === undefined || 'error' in loaded ? undefined : loaded.backend;
}
