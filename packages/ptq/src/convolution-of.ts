import type { ConvolutionBackend } from '@bitwright/core';

/** The float convolutions of a backend; undefined where it lacks one of them. */
export function convolutionOf(backend: Partial<ConvolutionBackend> | undefined): ConvolutionBackend | undefined {
  const { convolve, convolveBackwardInput, convolveBackwardFilter, add } = backend ?? {};
  if (convolve === undefined || convolveBackwardInput === undefined) return undefined;
  if (convolveBackwardFilter === undefined || add === undefined) return undefined;
  return { convolve, convolveBackwardInput, convolveBackwardFilter, add };
}
