import type { PlanProblem, TensorQuantization } from '@bitwright/core';
import { type SpecTensor, tensorPlace } from '../spec-tensors';
import { isObject } from '../text-format/json';
import { encodingProblems, encodingsOf } from './encoding';
import type { EncodedTensor, EncodingVersion } from './encoding-version';
import { legacyTensor } from './legacy-tensor';

/**
 * Encodings 0.6.1: two objects, tensor name → list of one entry per parameter. `is_symmetric` is a string. Without version
 * (PPQ, MQBench, and 0.4) an entry has bitwidth, min, max, offset and scale only.
 */
export const encodings06: EncodingVersion = {
  names: ['0.6.1', 'unversioned'],
  recognizes(json) {
    const { version } = json;
    const isOld = version === undefined || (typeof version === 'string' && /^0\.[456]\./.test(version));
    return isOld && isObject(json['activation_encodings']) && isObject(json['param_encodings']);
  },
  write(tensors, name) {
    const isVersioned = name === '0.6.1';
    const group = (role: TensorQuantization['role']): object =>
      Object.fromEntries(
        tensors
          .filter(({ quantization }) => quantization.role === role)
          .map((tensor) => [tensor.name, entries(tensor, isVersioned)]),
      );
    const encodings = { activation_encodings: group('activation'), param_encodings: group('weight') };
    return isVersioned ? { version: '0.6.1', ...encodings, quantizer_args: quantizerArguments(tensors) } : encodings;
  },
  *parse(json) {
    for (const key of ['activation_encodings', 'param_encodings']) {
      for (const [name, list] of Object.entries(json[key] as Readonly<Record<string, unknown>>)) {
        yield* parseTensor(name, list, key === 'activation_encodings');
      }
    }
  },
};

/** What 0.6.1 and 1.0.0 say about the whole model. */
export function quantizerArguments(tensors: readonly SpecTensor[]): object {
  const first = (role: TensorQuantization['role']): TensorQuantization | undefined =>
    tensors.find(({ quantization }) => quantization.role === role)?.quantization;
  const weight = first('weight');
  const isPerChannel = tensors.some(
    ({ quantization: { role, scheme } }) => role === 'weight' && scheme.granularity.kind === 'perAxis',
  );
  return {
    activation_bitwidth: first('activation')?.scheme.dtype.bits ?? 8,
    dtype: 'int',
    is_symmetric: weight === undefined || weight.scheme.mapping === 'symmetric',
    param_bitwidth: weight?.scheme.dtype.bits ?? 8,
    per_channel_quantization: isPerChannel,
    quant_scheme: 'post_training_tf',
  };
}

// — internals —

function entries({ quantization }: SpecTensor, isVersioned: boolean): object[] {
  const { dtype, mapping } = quantization.scheme;
  return encodingsOf(quantization).map(({ scale, offset, min, max }) =>
    isVersioned
      ? {
          bitwidth: dtype.bits,
          dtype: 'int',
          is_symmetric: mapping === 'symmetric' ? 'True' : 'False',
          max,
          min,
          offset,
          scale,
        }
      : { bitwidth: dtype.bits, max, min, offset, scale },
  );
}

function* parseTensor(name: string, list: unknown, isActivation: boolean): Iterable<EncodedTensor | PlanProblem> {
  const where = tensorPlace(name);
  if (!Array.isArray(list) || list.length === 0 || !list.every(isObject)) {
    yield { where, expected: 'a list of encodings', received: JSON.stringify(list) ?? 'none' };
    return;
  }
  const entries = list as readonly Readonly<Record<string, unknown>>[];
  if (entries[0]?.['dtype'] === 'float') return;
  const bits = entries[0]?.['bitwidth'];
  if (typeof bits !== 'number' || !Number.isInteger(bits) || bits < 4 || bits > 32) {
    yield { where, expected: 'a bitwidth of 4 to 32', received: JSON.stringify(bits) ?? 'none' };
    return;
  }
  if (isActivation && entries.length > 1) {
    yield { where, expected: 'one encoding for an activation', received: String(entries.length) };
  }
  const problems = entries.flatMap(({ scale, offset, min, max }) =>
    encodingProblems({ scale, offset, min, max }, bits, where),
  );
  yield* problems;
  if (problems.length > 0) return;
  const isSymmetric = entries[0]?.['is_symmetric'] === 'True';
  const scales = entries.map((entry) => entry['scale'] as number);
  const offsets = entries.map((entry) => entry['offset'] as number);
  yield legacyTensor({ name, bits, isSymmetric, scales, offsets });
}
