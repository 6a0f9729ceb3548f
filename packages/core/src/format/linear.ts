import { dataRange } from '../data-range';
import type { QDType } from '../dtype';
import { assertQParams, chooseQParams, type QParams } from '../qparams';
import { dequantize, fakeQuantize, quantize } from '../quantize';
import {
  describeLinearScheme,
  type LinearScheme,
  type LinearSchemeJson,
  linearSchemeFromJson,
  linearSchemeToJson,
} from '../scheme';
import type { NumberFormat, SchemeJson } from './number-format';
import { numbersAt, plainNumbers, scaleParamsToJson } from './params-json';

/** Uniform levels: real ≈ scale · (quantized − zeroPoint). The functions of scheme.ts, qparams.ts and quantize.ts as a value. */
export const linearFormat: NumberFormat<LinearScheme, QParams> = /* @__PURE__ */ Object.freeze<
  NumberFormat<LinearScheme, QParams>
>({
  kind: 'linear',
  codeType: (scheme): QDType => scheme.dtype,
  chooseParams: (x, scheme) => chooseQParams(dataRange(x, scheme.granularity), scheme),
  assertParams: (params, scheme, where) => assertQParams(params, scheme, where),
  quantize: (x, scheme, params, out) => quantize(x, scheme, params, out),
  dequantize,
  fakeQuantize: (x, scheme, params, out) => fakeQuantize(x, scheme, params, out),
  describe: describeLinearScheme,
  schemeToJson: (scheme): LinearSchemeJson & SchemeJson => ({ ...linearSchemeToJson(scheme) }),
  schemeFromJson: linearSchemeFromJson,
  paramsToJson: (params) => ({ ...scaleParamsToJson(params), zeroPoint: plainNumbers(params.zeroPoint) }),
  paramsFromJson: (json): QParams =>
    Object.freeze({
      scale: Float32Array.from(numbersAt(json, 'scale')),
      zeroPoint: Int32Array.from(numbersAt(json, 'zeroPoint')),
    }),
});
