import {
  chooseQParams,
  type LinearScheme,
  type Range,
  type StatisticsBackend,
  type TensorQuantization,
} from '@bitwright/core';
import { type Tensor, tensorToFloat32 } from '@bitwright/onnx';
import type { AnyRangeSelector } from './range-selectors';

/** Parameters of a constant weight from its own values. */
export function chooseWeight(
  name: string,
  scheme: LinearScheme,
  tensor: Tensor,
  selector: AnyRangeSelector,
  backend?: StatisticsBackend,
): TensorQuantization {
  const { granularity } = scheme;
  const observer = selector.observer.create({
    tensor: name,
    ...(granularity.kind === 'perAxis' ? { axis: granularity.axis } : {}),
  });
  observer.observe({ data: tensorToFloat32(tensor), shape: tensor.dims.map(Number) });
  const range = selector.selectRange(observer.stats(), scheme, backend);
  return chosenQuantization('weight', scheme, range, 'dataFree', selector.id);
}

/** Range and scheme to an entry of a spec, with a note where a parameter is degenerate. */
export function chosenQuantization(
  role: TensorQuantization['role'],
  scheme: LinearScheme,
  range: Range,
  source: 'calibration' | 'dataFree',
  selectRange: string,
): TensorQuantization {
  const { degenerate, ...qparams } = chooseQParams(range, scheme);
  const note =
    degenerate.length === 0
      ? {}
      : {
          note: `all-zero range${qparams.scale.length === 1 ? '' : ` in channels ${degenerate.join(', ')}`}: scale set to 1`,
        };
  return Object.freeze({ role, scheme, qparams, origin: { source, selectRange, ...note } });
}
