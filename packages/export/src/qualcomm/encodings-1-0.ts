import type { PlanProblem, TensorQuantization } from '@bitwright/core';
import { type SpecTensor, tensorPlace } from '../spec-tensors';
import { isObject } from '../text-format/json';
import { encodingProblems, encodingsOf } from './encoding';
import type { EncodedTensor, EncodingVersion } from './encoding-version';
import { quantizerArguments } from './encodings-0-6';
import { legacyTensor } from './legacy-tensor';

/** Encodings 1.0.0: two lists of named entries with arrays of scales and offsets; no min and max. */
export const encodings10: EncodingVersion = {
  names: ['1.0.0'],
  recognizes: (json) => json['version'] === '1.0.0',
  write(tensors) {
    const group = (role: TensorQuantization['role']): object[] =>
      tensors.filter(({ quantization }) => quantization.role === role).map(entry);
    return {
      version: '1.0.0',
      activation_encodings: group('activation'),
      param_encodings: group('weight'),
      quantizer_args: quantizerArguments(tensors),
      excluded_layers: [],
    };
  },
  *parse(json) {
    for (const key of ['activation_encodings', 'param_encodings']) {
      const list = json[key];
      if (!Array.isArray(list)) {
        yield { where: `$.${key}`, expected: 'a list', received: JSON.stringify(list) ?? 'none' };
        continue;
      }
      for (const item of list) yield* parseEntry(item, key === 'activation_encodings');
    }
  },
};

// — internals —

const kinds = ['PER_TENSOR', 'PER_CHANNEL', 'PER_BLOCK', 'LPBQ'];

function entry({ name, quantization }: SpecTensor): object {
  const { dtype, mapping, granularity } = quantization.scheme;
  const encodings = encodingsOf(quantization);
  const kind = { perTensor: 'PER_TENSOR', perAxis: 'PER_CHANNEL', perGroup: 'PER_BLOCK' }[granularity.kind];
  return {
    name,
    enc_type: kind,
    dtype: 'INT',
    bw: dtype.bits,
    is_sym: mapping === 'symmetric',
    scale: encodings.map(({ scale }) => scale),
    offset: encodings.map(({ offset }) => offset),
    ...(granularity.kind === 'perGroup' ? { block_size: granularity.size } : {}),
  };
}

function* parseEntry(item: unknown, isActivation: boolean): Iterable<EncodedTensor | PlanProblem> {
  const { name, enc_type, dtype, bw, is_sym, scale, offset } = isObject(item) ? item : {};
  if (typeof name !== 'string') {
    yield { where: '$', expected: 'an entry with a name', received: JSON.stringify(item) };
    return;
  }
  const where = tensorPlace(name);
  if (dtype === 'FLOAT') return;
  if (!kinds.includes(String(enc_type)) || dtype !== 'INT') {
    const received = `${JSON.stringify(enc_type)} ${JSON.stringify(dtype)}`;
    yield { where, expected: `enc_type ${kinds.join(', ')} and dtype INT or FLOAT`, received };
    return;
  }
  if (typeof bw !== 'number' || !Number.isInteger(bw) || bw < 4 || bw > 32) {
    yield { where, expected: 'bw of 4 to 32', received: JSON.stringify(bw) ?? 'none' };
    return;
  }
  if (!Array.isArray(scale) || !Array.isArray(offset) || scale.length !== offset.length || scale.length === 0) {
    yield { where, expected: 'arrays scale and offset of equal length', received: JSON.stringify([scale, offset]) };
    return;
  }
  if ((isActivation || enc_type === 'PER_TENSOR') && scale.length !== 1) {
    yield { where, expected: 'one scale', received: String(scale.length) };
  }
  const problems = scale.flatMap((s, i) => encodingProblems({ scale: s, offset: offset[i] }, bw, where));
  yield* problems;
  // Blocks need the shape of the weight to be read back; they are checked only.
  if (problems.length > 0 || enc_type === 'PER_BLOCK' || enc_type === 'LPBQ') return;
  yield legacyTensor({ name, bits: bw, isSymmetric: is_sym === true, scales: scale, offsets: offset });
}
