import { type PlanProblem, representableRange, shortestFloat32 } from '@bitwright/core';
import { defineExporter, textFile } from '../define-exporter';
import type { ExportedFile, Exporter } from '../exporter';
import { commonProblems, modelIndex, type SpecTensor, specTensors, tensorPlace } from '../spec-tensors';
import { nameProblems } from '../text-format/name-problems';
import { onlyText } from '../text-format/only-file';

const id = 'rknn-config';

/**
 * Rockchip RKNN-Toolkit2 hybrid quantization configuration (YAML): ranges, scales and zero points by tensor, for
 * `hybrid_quantization_step2`. The .rknn format itself is closed and the keys below are not verified on an SDK: compare with
 * the file that step 1 of your SDK writes.
 *
 * The toolkit computes with int8, so uint8 zero points are written less 128.
 */
export const rknnConfig: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'Rockchip RKNN hybrid configuration (YAML)',
  aliases: [],
  targets: ['rknn'],
  versions: ['toolkit2'],
  evidence: 'unverified',
  check(spec, model) {
    const index = modelIndex(model, id);
    const tensors = exported(specTensors(spec, index));
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...nameProblems(
          tensors.map(({ name }) => name),
          tensorPlace,
          { separators: { '"': 'a quotation mark', '\\': 'a backslash' } },
        ),
        ...tensors.flatMap(typeProblems),
      ],
      notes: ['The keys of this file were not checked on an RKNN SDK: compare with what its hybrid step 1 writes.'],
    };
  },
  render(spec, model, { name }) {
    const tensors = exported(specTensors(spec, modelIndex(model, id)));
    const lines = ['custom_quantize_layers: {}', 'quantize_parameters:', ...tensors.flatMap(entryLines), ''];
    return [textFile(`${name}.quantization.cfg`, lines.join('\n'))];
  },
  validate: (files) => problemsOf(files),
});

// — internals —

function exported(tensors: readonly SpecTensor[]): readonly SpecTensor[] {
  return tensors.filter(({ quantization }) => quantization.role !== 'bias');
}

function typeProblems({ name, quantization: { scheme } }: SpecTensor): readonly PlanProblem[] {
  const where = tensorPlace(name);
  if (scheme.dtype.bits !== 8) return [{ where, expected: '8-bit codes', received: scheme.dtype.name }];
  return scheme.granularity.kind === 'perGroup'
    ? [{ where, expected: 'scales per tensor or channel', received: 'scales per block' }]
    : [];
}

function entryLines({ name, quantization }: SpecTensor): string[] {
  const { scheme, qparams } = quantization;
  const { min, max } = representableRange(qparams, scheme);
  const shift = scheme.dtype.signed ? 0 : 128;
  const list = (values: Iterable<number>): string => `[${[...values].join(', ')}]`;
  return [
    `  "${name}":`,
    `    qtype: ${scheme.mapping}_quantized`,
    `    qmethod: ${scheme.granularity.kind === 'perTensor' ? 'layer' : 'channel'}`,
    '    dtype: int8',
    `    min: ${list(Array.from(min, (v) => v + 0))}`,
    `    max: ${list(max)}`,
    `    scale: ${list(Array.from(qparams.scale, shortestFloat32))}`,
    `    zero_point: ${list(Array.from(qparams.zeroPoint, (z) => z - shift))}`,
  ];
}

const entryForm =
  /^ {2}"[^"\\]+":\n {4}qtype: (a?symmetric)_quantized\n {4}qmethod: (layer|channel)\n {4}dtype: int8\n {4}min: (\[.*\])\n {4}max: (\[.*\])\n {4}scale: (\[.*\])\n {4}zero_point: (\[.*\])\n/;

function problemsOf(files: readonly ExportedFile[]): readonly PlanProblem[] {
  const only = onlyText(files);
  if ('problems' in only) return only.problems;
  const head = 'custom_quantize_layers: {}\nquantize_parameters:\n';
  if (!only.text.startsWith(head)) {
    return [
      { where: 'line 1', expected: 'custom_quantize_layers and quantize_parameters', received: 'something else' },
    ];
  }
  const problems: PlanProblem[] = [];
  let rest = only.text.slice(head.length);
  while (rest !== '') {
    const match = entryForm.exec(rest);
    if (match === null) {
      return [
        ...problems,
        { where: 'entry', expected: 'seven keys per tensor', received: JSON.stringify(rest.slice(0, 60)) },
      ];
    }
    const lists = match.slice(3).map((text) => JSON.parse(text) as number[]);
    const [, , scales = [], zeroPoints = []] = lists;
    if (scales.some((s) => !(s > 0)) || lists.some((list) => list.length !== scales.length)) {
      problems.push({ where: 'entry', expected: 'positive scales, lists of equal length', received: match[5] ?? '' });
    }
    if (zeroPoints.some((z) => !Number.isInteger(z) || z < -128 || z > 127)) {
      problems.push({ where: 'entry', expected: 'int8 zero points', received: match[6] ?? '' });
    }
    rest = rest.slice(match[0].length);
  }
  return problems;
}
