import type { GraphEditor, Node, Tensor } from '@bitwright/onnx';
import { DataType, tensorToArray, tensorToFloat32 } from '@bitwright/onnx';

/** Codes and the names of their parameters. */
export interface QuantizedValue {
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

/** Codes that a node's result is rounded to, and the nodes that do so: a redundant Relu or Clip, then QuantizeLinear. */
export interface QuantizedResult extends QuantizedValue {
  readonly chain: readonly Node[];
}

/** The codes behind a value that a DequantizeLinear makes; undefined for other values and where the zero point is not written. */
export function dequantizedFrom(name: string | undefined, edit: GraphEditor): QuantizedValue | undefined {
  const node = name === undefined || name === '' ? undefined : edit.producer(name);
  const [codes = '', scale = '', zeroPoint = ''] = node?.input ?? [];
  if (node?.opType !== 'DequantizeLinear' || zeroPoint === '') return undefined;
  return { codes, scale, zeroPoint };
}

/**
 * The codes a value is rounded to, when nothing else reads it. A Relu or Clip in between must change nothing that saturation does not:
 * its bounds lie at or outside the range of the codes.
 */
export function quantizedInto(name: string, edit: GraphEditor): QuantizedResult | undefined {
  const chain: Node[] = [];
  for (let value = name; ; ) {
    const [use, second] = edit.consumers(value);
    if (use === undefined || second !== undefined || use.scope !== '' || edit.isOutput(value)) return undefined;
    const { node } = use;
    chain.push(node);
    if (node.opType === 'QuantizeLinear') {
      const [, scale = '', zeroPoint = ''] = node.input;
      const result = { codes: node.output[0] ?? '', scale, zeroPoint, chain };
      return zeroPoint !== '' && use.input === 0 && chain.slice(0, -1).every((n) => isRedundant(n, result, edit))
        ? result
        : undefined;
    }
    if ((node.opType !== 'Relu' && node.opType !== 'Clip') || use.input !== 0) return undefined;
    value = node.output[0] ?? '';
  }
}

function isRedundant(node: Node, { scale, zeroPoint }: QuantizedValue, edit: GraphEditor): boolean {
  const step = numberIn(edit.initializer(scale));
  const zero = numberIn(edit.initializer(zeroPoint));
  const type = edit.initializer(zeroPoint)?.dataType;
  const codes = type === DataType.UINT8 ? [0, 255] : type === DataType.INT8 ? [-128, 127] : undefined;
  if (step === undefined || zero === undefined || codes === undefined) return false;
  const [lowest = 0, highest = 0] = codes.map((code) => (code - zero) * step);
  const bound = (name: string | undefined, otherwise: number): number =>
    name === undefined || name === '' ? otherwise : (numberIn(edit.initializer(name)) ?? Number.NaN);
  const lower = node.opType === 'Relu' ? 0 : bound(node.input[1], Number.NEGATIVE_INFINITY);
  const upper = node.opType === 'Relu' ? Number.POSITIVE_INFINITY : bound(node.input[2], Number.POSITIVE_INFINITY);
  // A thousandth of a step forgives the rounding of the scale to float32.
  return lowest >= lower - step / 1024 && highest <= upper + step / 1024;
}

function numberIn(tensor: Tensor | undefined): number | undefined {
  if (tensor === undefined) return undefined;
  const values = tensor.dataType === DataType.FLOAT ? tensorToFloat32(tensor) : tensorToArray(tensor);
  return values.length === 1 ? Number(values[0]) : undefined;
}

/** Whether two values have the same parameters, by name or by content. */
export function sameParameters(a: QuantizedValue, b: QuantizedValue, edit: GraphEditor): boolean {
  const equal = (x: string, y: string): boolean => {
    if (x === y) return true;
    const [left, right] = [edit.initializer(x), edit.initializer(y)];
    if (left === undefined || right === undefined || left.dataType !== right.dataType) return false;
    return tensorToArray(left).join() === tensorToArray(right).join();
  };
  return equal(a.scale, b.scale) && equal(a.zeroPoint, b.zeroPoint);
}
