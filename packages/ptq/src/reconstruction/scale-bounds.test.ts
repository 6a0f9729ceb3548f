import {
  ascend,
  biasScheme,
  type LinearScheme,
  ortX64,
  perTensor,
  type QuantizationSpec,
  type Target,
  type TensorQuantization,
} from '@bitwright/core';
import { DataType, editGraph, graphIndex, tensorFromArray } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { residualNetwork } from '../rounding/__fixtures__/residual-network';
import { scaleBounds } from './scale-bounds';

const weightScale = 2 ** -20;

function tensor(
  role: TensorQuantization['role'],
  scheme: LinearScheme,
  scale: number,
  from?: readonly string[],
): TensorQuantization {
  const origin = from === undefined ? ({ source: 'calibration' } as const) : ({ source: 'derived', from } as const);
  return { role, scheme, qparams: { scale: Float32Array.of(scale), zeroPoint: Int32Array.of(0) }, origin };
}

/** Bounds of the quantizer of `h`, which the head reads behind Flatten as `i`, with a bias of the head. */
function boundsOf(bias: number, { target = ortX64 as Target, scale = 0.25 } = {}) {
  const edit = editGraph(residualNetwork());
  edit.replaceInitializer('head.b', tensorFromArray('head.b', DataType.FLOAT, [4], Float32Array.of(0, -bias, 0, 0)));
  const index = graphIndex(edit.finish().graph!);
  const { activation, weight } = target.schemes;
  const spec = {
    tensors: {
      h: tensor('activation', activation, scale),
      i: tensor('activation', activation, scale, ['h']),
      'head.w': tensor('weight', weight, weightScale),
      'head.b': tensor('bias', biasScheme(perTensor), scale * weightScale, ['i', 'head.w']),
    },
  } as unknown as QuantizationSpec;
  return scaleBounds('h', spec, { index, start: index, target });
}

describe('scaleBounds', () => {
  it('are a factor of two each way', () => {
    expect(boundsOf(1)).toEqual({ min: 0.125, max: 0.5 });
  });

  it('keep the bias of a layer within int32 that reads the quantizer through another tensor', () => {
    // 2·200 / (2^-20 · 2^31)
    expect(boundsOf(200).min).toBeCloseTo(400 / 2 ** 11, 12);
    expect(boundsOf(1000).min).toBe(0.25);
  });

  it('stay where the target carries scales', () => {
    expect(boundsOf(0, { target: ascend, scale: 1.5 * 2 ** -23 }).min).toBe(2 ** -23);
  });
});
