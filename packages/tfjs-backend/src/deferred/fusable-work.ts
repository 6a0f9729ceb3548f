import type { ClampActivation } from '@bitwright/kernels-native';
import type { BitwrightBackend } from '../bitwright-backend';

/** What a kernel can do to its result while it is still in registers: activation(result + residual). */
export interface Epilogue {
  /** Of the result's shape. */
  readonly residual?: Float32Array;
  readonly activation?: ClampActivation;
}

/** A kernel call that is complete but for its output and epilogue. */
export interface FusableWork {
  /** Arrays the call will read; their memory must not be reused before. */
  readonly operands: readonly Float32Array[];
  /** What `run` can do besides: nothing, an activation, or an activation after adding a residual. */
  readonly takes: 'nothing' | 'activation' | 'residual';
  readonly run: (backend: BitwrightBackend, out: Float32Array, epilogue: Epilogue) => void;
  /** The same work followed by y · scale + shift per channel of the last axis; absent where that would not come for free. */
  readonly foldAffine?: (backend: BitwrightBackend, scale: Float32Array, shift: Float32Array) => FusableWork;
}
