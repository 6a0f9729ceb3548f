import { roundHalfEven } from '@bitwright/core';
import { DataType, type GraphEditor, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import { dequantizedFrom, type QuantizedValue } from './quantized-value';

/**
 * Name of an int32 initializer with scale fround(scale(x) · scale(w)) for a bias: its stored codes where they have that scale, else
 * a float bias rounded to it. `''` for no bias; undefined for one that is no constant, has another scale or does not fit int32.
 */
export function integerBias(
  name: string | undefined,
  x: QuantizedValue,
  w: QuantizedValue,
  edit: GraphEditor,
): string | undefined {
  if (name === undefined || name === '') return '';
  const scales = biasScales(x, w, edit);
  if (scales === undefined) return undefined;
  const stored = dequantizedFrom(name, edit);
  if (stored !== undefined) {
    const own = edit.initializer(stored.scale);
    const isSame = own !== undefined && tensorToFloat32(own).every((s, i) => s === scales[scales.length === 1 ? 0 : i]);
    return isSame ? stored.codes : undefined;
  }
  const bias = edit.initializer(name);
  if (bias?.dataType !== DataType.FLOAT) return undefined;
  const codes = Array.from(tensorToFloat32(bias), (b, i) =>
    roundHalfEven(b / (scales[scales.length === 1 ? 0 : i] ?? 1)),
  );
  if (codes.some((code) => Math.abs(code) > 2 ** 31 - 1)) return undefined;
  const rounded = edit.uniqueName(`${name}_int32`);
  edit.addInitializer(tensorFromArray(rounded, DataType.INT32, bias.dims.map(Number), Int32Array.from(codes)));
  return rounded;
}

function biasScales(x: QuantizedValue, w: QuantizedValue, edit: GraphEditor): Float32Array | undefined {
  const [scaleX, scaleW] = [edit.initializer(x.scale), edit.initializer(w.scale)];
  if (scaleX === undefined || scaleW === undefined) return undefined;
  const [sx = 1] = tensorToFloat32(scaleX);
  return tensorToFloat32(scaleW).map((s) => Math.fround(sx * s));
}
