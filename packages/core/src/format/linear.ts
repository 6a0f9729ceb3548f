import type { QDType } from '../dtype';
import { paramCount } from '../granularity';
import { forEachStridedRun } from '../group-iterator';
import { assertQParams, chooseQParams, type QParams } from '../qparams';
import { dequantize, fakeQuantize, quantize } from '../quantize';
import { makeRange, type Range } from '../range';
import {
  describeLinearScheme,
  type LinearScheme,
  type LinearSchemeJson,
  linearSchemeFromJson,
  linearSchemeToJson,
} from '../scheme';
import type { TensorView } from '../tensor-view';
import type { NumberFormat, SchemeJson } from './number-format';
import { numbersAt, scaleParamsToJson } from './params-json';

/** Uniform levels: real ≈ scale · (quantized − zeroPoint). The functions of scheme.ts, qparams.ts and quantize.ts as a value. */
export const linearFormat: NumberFormat<LinearScheme, QParams> = /* @__PURE__ */ Object.freeze<
  NumberFormat<LinearScheme, QParams>
>({
  kind: 'linear',
  codeType: (scheme): QDType => scheme.dtype,
  chooseParams: (x, scheme) => chooseQParams(rangeOf(x, scheme), scheme),
  assertParams: (params, scheme, where) => assertQParams(params, scheme, where),
  quantize: (x, scheme, params, out) => quantize(x, scheme, params, out),
  dequantize,
  fakeQuantize: (x, scheme, params, out) => fakeQuantize(x, scheme, params, out),
  describe: describeLinearScheme,
  schemeToJson: (scheme): LinearSchemeJson & SchemeJson => ({ ...linearSchemeToJson(scheme) }),
  schemeFromJson: linearSchemeFromJson,
  paramsToJson: (params) => ({ ...scaleParamsToJson(params), zeroPoint: [...params.zeroPoint] }),
  paramsFromJson: (json): QParams =>
    Object.freeze({
      scale: Float32Array.from(numbersAt(json, 'scale')),
      zeroPoint: Int32Array.from(numbersAt(json, 'zeroPoint')),
    }),
});

/** Smallest and largest value per parameter, 0 included. */
function rangeOf(x: TensorView, { granularity }: LinearScheme): Range {
  const count = paramCount(x.shape, granularity);
  const min = new Float64Array(count);
  const max = new Float64Array(count);
  const { data } = x;
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    let low = min[g] as number;
    let high = max[g] as number;
    for (let i = start; i < end; i += step) {
      const v = data[i] as number;
      if (!(v >= low)) low = v;
      if (!(v <= high)) high = v;
    }
    min[g] = low;
    max[g] = high;
  });
  return makeRange(min, max);
}
