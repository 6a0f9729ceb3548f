import { describe, expect, it } from 'vitest';
import { int4, int8, int16, intDType, uint8 } from '../dtype';
import { binaryScheme } from '../format/binary';
import type { QuantScheme } from '../format/number-formats';
import { perAxis, perGroup } from '../granularity';
import { int8PerChannelWeight, int8ReducedPerChannelWeight, int8Weight, uint8Activation } from '../presets';
import { biasScheme, linearScheme } from '../scheme';
import { assertScheme, checkScheme } from './check-scheme';
import type { TensorRole } from './target';
import { findTarget } from './targets';

const int8Symmetric = linearScheme({ dtype: int8, mapping: 'symmetric' });
const int8SymmetricPerAxis = linearScheme({ dtype: int8, mapping: 'symmetric', granularity: perAxis(0) });
const powerOfTwo = linearScheme({ dtype: int8, mapping: 'symmetric', scaleForm: 'powerOfTwo' });

describe('checkScheme', () => {
  it.each<[string, TensorRole, string, QuantScheme]>([
    ['ort-x64', 'weight', 'full 8-bit weights, right on CPUs with VNNI', int8PerChannelWeight],
    ['ort-x64', 'weight', 'int4 blocks for MatMulNBits', linearScheme({ dtype: int4, granularity: perGroup(0, 32) })],
    ['ort-x64-avx2', 'weight', '7-bit weights', int8ReducedPerChannelWeight],
    [
      'ort-x64-avx2',
      'weight',
      '4-bit weights kept in int8',
      linearScheme({ dtype: int8, mapping: 'symmetric', qmin: -7, qmax: 7 }),
    ],
    ['ort-arm64', 'bias', 'int32 bias', biasScheme(perAxis(0))],
    ['openvino', 'activation', 'fewer levels than the type has', linearScheme({ dtype: uint8, qmax: 15 })],
    ['vitis', 'weight', 'power-of-two weights', powerOfTwo],
    ['qnn', 'activation', '16-bit activations', linearScheme({ dtype: intDType(16, false) })],
    ['academic', 'weight', 'binary weights', binaryScheme()],
    ['academic', 'activation', '3-bit activations', linearScheme({ dtype: intDType(3, false) })],
  ])('%s runs as %s: %s', (id, role, _what, scheme) => {
    expect(checkScheme(findTarget(id), role, scheme)).toEqual({ isRunnable: true });
  });

  it.each<[string, TensorRole, RegExp, QuantScheme]>([
    ['ort-x64-avx2', 'weight', /codes within \[-64,64\].*codes \[-127,127\]/, int8PerChannelWeight],
    ['ort-x64', 'activation', /int16 codes/, linearScheme({ dtype: int16 })],
    ['ort-x64', 'activation', /perAxis scales/, linearScheme({ dtype: uint8, granularity: perAxis(1) })],
    ['ort-x64', 'weight', /asymmetric mapping/, linearScheme({ dtype: int8, granularity: perAxis(0) })],
    ['ort-x64', 'weight', /groups of 24/, linearScheme({ dtype: int4, granularity: perGroup(0, 24) })],
    ['ort-x64', 'weight', /kind binary/, binaryScheme()],
    ['tensorrt-11', 'activation', /int8 symmetric.*uint8 codes; asymmetric mapping/, uint8Activation],
    ['tensorrt-11', 'activation', /runtime saturates at \[-128,127\]/, int8Weight],
    ['tensorrt-11', 'bias', /no quantized bias \(tensorrt-11 keeps it float\)/, biasScheme(perAxis(0))],
    ['vitis', 'weight', /no powers of two/, int8Symmetric],
    ['vitis', 'activation', /rounding halfEven/, powerOfTwo],
    ['ncnn', 'weight', /codes within \[-127,127\].*codes \[-128,127\]/, int8SymmetricPerAxis],
    ['tflite', 'bias', /int32 symmetric.*int8 codes/, int8Symmetric],
    ['ort-x64', 'bias', /int32 symmetric/, linearScheme({ dtype: int8, mapping: 'symmetric' })],
  ])('%s refuses as %s with %s', (id, role, message, scheme) => {
    const check = checkScheme(findTarget(id), role, scheme);
    expect(check.isRunnable).toBe(false);
    if (!check.isRunnable) expect(`${check.expected} ${check.received}`).toMatch(message);
  });

  it('says in the error which tensor, what the target can do, and the fix', () => {
    const refuse = () => assertScheme(findTarget('ort-x64-avx2'), 'weight', int8PerChannelWeight, 'tensor "conv1.w"');
    expect(refuse).toThrow(
      '[core] tensor "conv1.w" on ort-x64-avx2: expected int8 symmetric, perTensor or perAxis, codes within [-64,64], ' +
        'received int8 symmetric perAxis(0) [-127,127] (codes [-127,127]). ' +
        'Use its default, int8 symmetric perAxis(0) [-64,64], or plan for another target.',
    );
  });
});
