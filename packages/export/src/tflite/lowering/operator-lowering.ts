import type { Node } from '@bitwright/onnx';
import type { LoweringContext, Mode } from './context';

/** How one family of ONNX operators becomes TFLite operators. */
export interface OperatorLowering {
  readonly opTypes: readonly string[];
  /**
   * Why a node runs on real numbers between DEQUANTIZE and QUANTIZE; undefined when it runs on int8 codes. Left out: always
   * int8.
   */
  whyReal?(node: Node, context: LoweringContext): string | undefined;
  /**
   * Adds the operators of a node and makes its outputs known.
   *
   * @throws {NodeRefusal} naming what TFLite cannot express
   */
  lower(node: Node, mode: Mode, context: LoweringContext): void;
}

/** The usual reason. */
export function noInt8Kernel(): string {
  return 'TFLite has no int8 kernel for it';
}
