import type { ClampActivation } from '@bitwright/kernels-native';
import type { BitwrightBackend } from '../bitwright-backend';

/** What a kernel can do to its result while it is still in registers: activation(gate(result + residual)). */
export interface Epilogue {
  /** Of the result's shape. */
  readonly residual?: Float32Array;
  /** Of the result's shape: the result becomes 0 where this is not above 0, as a gradient does that comes through a relu. */
  readonly gate?: Float32Array;
  readonly activation?: ClampActivation;
}

/** A kernel call that is complete but for its output and epilogue. */
export interface FusableWork {
  /** Arrays the call will read; their memory must not be reused before. */
  readonly operands: readonly Float32Array[];
  /** What `run` can do besides. */
  readonly takes: readonly (keyof Epilogue)[];
  readonly run: (backend: BitwrightBackend, out: Float32Array, epilogue: Epilogue) => void;
  /** The same work followed by y · scale + shift per channel of the last axis; absent where that would not come for free. */
  readonly foldAffine?: (backend: BitwrightBackend, scale: Float32Array, shift: Float32Array) => FusableWork;
}
