import { engine } from '@tensorflow/tfjs-core';

/** Whether results computed now are recorded for a gradient. During a backward pass: whether that is differentiated again. */
export function isDifferentiated(): boolean {
  return engine().state.gradientDepth > 0;
}
