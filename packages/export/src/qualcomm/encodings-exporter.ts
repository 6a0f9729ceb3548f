import type { PlanProblem, TensorQuantization } from '@bitwright/core';
import type { GraphIndex } from '@bitwright/onnx';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { outputAxis } from '../output-axis';
import { commonProblems, modelIndex, type SpecTensor, specTensors, tensorPlace } from '../spec-tensors';
import { isObject, jsonText } from '../text-format/json';
import { nameProblems } from '../text-format/name-problems';
import { onlyJson } from '../text-format/only-file';
import { recoveredSpec } from '../text-format/recovered-spec';
import { type EncodedTensor, type EncodingVersion, encodingVersions } from './encoding-version';
import { encodings06 } from './encodings-0-6';
import { encodings10 } from './encodings-1-0';
import { encodings20 } from './encodings-2-0';

const versions: readonly EncodingVersion[] = /* @__PURE__ */ encodingVersions([encodings10, encodings06, encodings20]);

/** What differs between the two families of converters. */
type Family = Pick<Exporter, 'id' | 'title' | 'aliases' | 'targets' | 'versions'>;

/**
 * Quantization encodings of AIMET for Qualcomm's converters (`--quantization_overrides`): 1.0.0 for QAIRT/QNN, 0.6.1 for SNPE
 * and old QNN, `unversioned` as PPQ and MQBench write it, 2.0.0 for recent SDKs. Up to 1.0.0 the offset is negative and added:
 * x = scale·(q + offset); 2.0.0 has ONNX zero points.
 *
 * @see AIMET encoding specification 0.6.1 … 2.1.0; QNN type documentation
 */
export const qualcommEncodings: Exporter = /* @__PURE__ */ encodingsExporter({
  id: 'qualcomm-encodings',
  title: 'Qualcomm QNN/QAIRT encodings (AIMET)',
  aliases: ['aimet'],
  targets: ['qnn'],
  versions: ['1.0.0', '0.6.1', '2.0.0', 'unversioned'],
});

/** The same for SNPE, which reads the older versions. */
export const snpeEncodings: Exporter = /* @__PURE__ */ encodingsExporter({
  id: 'snpe-encodings',
  title: 'Qualcomm SNPE encodings (AIMET)',
  aliases: [],
  targets: ['snpe'],
  versions: ['0.6.1', 'unversioned', '1.0.0'],
});

// — internals —

function encodingsExporter(family: Family): Exporter {
  const { id } = family;
  return defineExporter({
    ...family,
    evidence: 'source',
    check(spec, model, options) {
      const index = modelIndex(model, id);
      const tensors = specTensors(spec, index);
      const version = options?.version ?? family.versions[0] ?? '';
      return {
        problems: [
          ...commonProblems(spec, model, index),
          ...nameProblems(
            tensors.map(({ name }) => name),
            tensorPlace,
          ),
          ...tensors.flatMap((tensor) => granularityProblems(tensor, index, version)),
        ],
        notes: [
          version === '2.0.0'
            ? 'Which SDK releases take encodings 2.0.0 is not verified.'
            : 'Biases are left out: give the converter --bias_bitwidth 32.',
          'Tensors without an encoding: add --float_fallback, or the quantizer calibrates them by itself.',
        ],
      };
    },
    render(spec, model, { name, version }) {
      const index = modelIndex(model, id);
      const root = versionNamed(version).write(specTensors(spec, index), version);
      return [textFile(`${name}.encodings`, jsonText(root))];
    },
    validate: (files, model) => parse(files, model === undefined ? undefined : modelIndex(model, id)).problems,
    read(files, model) {
      const index = modelIndex(model, id);
      const { tensors, problems } = parse(files, index);
      refuseProblems(`[export] ${id}`, problems);
      const entries = tensors.map((tensor): [string, TensorQuantization] => [
        tensor.name,
        tensor.quantization(index.initializer(tensor.name) === undefined ? 'activation' : 'weight', (count) =>
          count === 1 ? undefined : channelAxis(tensor.name, index),
        ),
      ]);
      return recoveredSpec(family.targets[0] ?? 'qnn', Object.fromEntries(entries));
    },
  });
}

function versionNamed(version: string): EncodingVersion {
  return versions.find((candidate) => candidate.names.includes(version)) ?? encodings10;
}

function granularityProblems(
  { name, quantization }: SpecTensor,
  index: GraphIndex,
  version: string,
): readonly PlanProblem[] {
  const { scheme, role } = quantization;
  const where = tensorPlace(name);
  if (role === 'bias') return [];
  if (scheme.dtype.bits < 4 && version !== '2.0.0') {
    return [{ where, expected: '4 to 32 bits', received: scheme.dtype.name, hint: 'Encodings 2.0.0 take 2 bits.' }];
  }
  const { granularity } = scheme;
  if (granularity.kind === 'perTensor') return [];
  const axis = channelAxis(name, index);
  if (granularity.kind === 'perAxis') {
    if (version === '2.0.0' || granularity.axis === axis) return [];
    const expected = `scales along axis ${axis}, the output channels`;
    return [{ where, expected, received: `scales along axis ${granularity.axis}` }];
  }
  if (version === '2.0.0' || (version === '1.0.0' && axis === 0 && granularity.axis === 1)) return [];
  return [
    { where, expected: 'blocks of input channels of [outputs, inputs]', received: `blocks in encodings ${version}` },
  ];
}

/** Axis of the output channels of a weight, by the node that reads it. */
function channelAxis(name: string, index: GraphIndex): number {
  const use = index.consumers(name)[0];
  return use === undefined ? 0 : outputAxis(use.node);
}

interface Parsed {
  readonly tensors: readonly EncodedTensor[];
  readonly problems: readonly PlanProblem[];
}

function parse(files: readonly ExportedFile[], index: GraphIndex | undefined): Parsed {
  const only = onlyJson(files);
  if ('problems' in only) return { tensors: [], problems: only.problems };
  const { json } = only;
  const format = isObject(json) ? versions.find((candidate) => candidate.recognizes(json)) : undefined;
  if (!isObject(json) || format === undefined) {
    const received = isObject(json) ? JSON.stringify(json['version']) : typeof json;
    return { tensors: [], problems: [{ where: '$.version', expected: '0.6.1, 1.0.0 or 2.0.0', received }] };
  }
  const tensors: EncodedTensor[] = [];
  const problems: PlanProblem[] = [];
  const seen = new Set<string>();
  for (const entry of format.parse(json)) {
    if ('expected' in entry) {
      problems.push(entry);
      continue;
    }
    const where = tensorPlace(entry.name);
    if (seen.has(entry.name)) problems.push({ where, expected: 'one encoding', received: 'another one' });
    seen.add(entry.name);
    const isKnown =
      index === undefined ||
      index.initializer(entry.name) !== undefined ||
      index.producer(entry.name) !== undefined ||
      index.isInput(entry.name);
    if (!isKnown) problems.push({ where, expected: 'a tensor of the model', received: 'none' });
    tensors.push(entry);
  }
  return { tensors, problems };
}
