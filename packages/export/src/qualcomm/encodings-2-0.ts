import {
  intDType,
  linearScheme,
  type PlanProblem,
  paramShape,
  perAxis,
  perGroup,
  perTensor,
  shortestFloat32,
} from '@bitwright/core';
import { type SpecTensor, tensorPlace } from '../spec-tensors';
import { isObject } from '../text-format/json';
import { recoveredTensor } from '../text-format/recovered-spec';
import type { EncodedTensor, EncodingVersion } from './encoding-version';

/** Encodings 2.0.0: one list that mirrors ONNX QuantizeLinear, zero points with ONNX's sign; int32 biases too. */
export const encodings20: EncodingVersion = {
  names: ['2.0.0'],
  recognizes: (json) => json['version'] === '2.0.0',
  write: (tensors) => ({ version: '2.0.0', encodings: tensors.map(entry) }),
  *parse(json) {
    const list = json['encodings'];
    if (!Array.isArray(list)) {
      yield { where: '$.encodings', expected: 'a list', received: JSON.stringify(list) ?? 'none' };
      return;
    }
    for (const item of list) yield* parseEntry(item);
  },
};

// — internals —

const integerType = /^(u?)int(2|4|8|16|32)$/;

function entry({ name, quantization, shape }: SpecTensor): object {
  const { scheme, qparams } = quantization;
  const { granularity } = scheme;
  const dims = granularity.kind === 'perTensor' || shape === undefined ? [] : paramShape(shape, granularity);
  const zeroPoints = Array.from(qparams.zeroPoint);
  return {
    name,
    output_dtype: scheme.dtype.name,
    y_scale: nested(Array.from(qparams.scale, shortestFloat32), dims),
    ...(zeroPoints.some((z) => z !== 0) ? { y_zero_point: nested(zeroPoints, dims) } : {}),
    ...(granularity.kind === 'perTensor' ? {} : { axis: granularity.axis }),
    ...(granularity.kind === 'perGroup' ? { block_size: granularity.size } : {}),
  };
}

type Nested = number | readonly Nested[];

/** Row-major numbers as nested lists of a shape; a scalar for no axes. */
function nested(values: readonly number[], dims: readonly number[]): Nested {
  const [first, ...rest] = dims;
  if (first === undefined) return values[0] ?? 0;
  const step = values.length / first;
  return Array.from({ length: first }, (_, i) => nested(values.slice(i * step, (i + 1) * step), rest));
}

function* parseEntry(item: unknown): Iterable<EncodedTensor | PlanProblem> {
  const { name, output_dtype, y_scale, y_zero_point, axis, block_size } = isObject(item) ? item : {};
  if (typeof name !== 'string') {
    yield { where: '$', expected: 'an entry with a name', received: JSON.stringify(item) };
    return;
  }
  const where = tensorPlace(name);
  const [, unsigned, bits] = integerType.exec(String(output_dtype)) ?? [];
  if (bits === undefined) {
    if (/^float/.test(String(output_dtype))) return;
    yield { where, expected: 'an output_dtype such as int8', received: JSON.stringify(output_dtype) ?? 'none' };
    return;
  }
  const scales = [y_scale].flat(8);
  const zeroPoints = y_zero_point === undefined ? scales.map(() => 0) : [y_zero_point].flat(8);
  if (scales.length !== zeroPoints.length) {
    yield { where, expected: `${scales.length} zero points`, received: String(zeroPoints.length) };
    return;
  }
  const bad = scales.find((s) => typeof s !== 'number' || !(s > 0 && Number.isFinite(s)));
  if (bad !== undefined) {
    yield { where, expected: 'positive finite scales', received: JSON.stringify(bad) };
    return;
  }
  const isBlocked = typeof block_size === 'number';
  if (scales.length > 1 && typeof axis !== 'number') {
    yield { where, expected: 'an axis for several scales', received: JSON.stringify(axis) ?? 'none' };
    return;
  }
  const granularity = typeof axis !== 'number' ? perTensor : isBlocked ? perGroup(axis, block_size) : perAxis(axis);
  yield {
    name,
    quantization(role) {
      const isSymmetric = unsigned === '' && zeroPoints.every((z) => z === 0);
      const scheme = linearScheme({
        dtype: intDType(Number(bits), unsigned === ''),
        mapping: isSymmetric ? 'symmetric' : 'asymmetric',
        granularity,
      });
      const actualRole = bits === '32' ? 'bias' : role;
      return recoveredTensor(actualRole, scheme, scales as number[], zeroPoints as number[]);
    },
  };
}
