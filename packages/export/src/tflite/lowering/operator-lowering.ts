import type { Node } from '@bitwright/onnx';
import type { LoweringContext, Mode } from './context';

/** How one family of ONNX operators becomes TFLite operators. */
export interface OperatorLowering {
  readonly opTypes: readonly string[];
  /** Whether TFLite has int8 kernels for it; others run on real numbers between DEQUANTIZE and QUANTIZE. */
  readonly hasInt8: boolean | ((node: Node, context: LoweringContext) => boolean);
  /**
   * Adds the operators of a node and makes its outputs known.
   *
   * @throws {NodeRefusal} naming what TFLite cannot express
   */
  lower(node: Node, mode: Mode, context: LoweringContext): void;
}
