import type { QuantizedArray } from './dtype';
import type { QParams } from './qparams';
import type { LinearScheme } from './scheme';
import type { TensorView } from './tensor-view';

/**
 * Hot loops behind one seam. The TypeScript reference is the definition; a faster backend gives the same bits for integer
 * results. Outputs are caller-owned and come last.
 */
export interface KernelBackend {
  readonly name: string;
  quantize(x: TensorView, scheme: LinearScheme, qparams: QParams, out: QuantizedArray): void;
  dequantize(
    codes: QuantizedArray,
    shape: readonly number[],
    scheme: LinearScheme,
    qparams: QParams,
    out: Float32Array,
  ): void;
  fakeQuantize(x: TensorView, scheme: LinearScheme, qparams: QParams, out: Float32Array): void;
}
