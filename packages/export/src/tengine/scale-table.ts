import { int8, linearScheme, type PlanProblem, shortestFloat32, uint8 } from '@bitwright/core';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { specLayers } from '../spec-layers';
import { commonProblems, emptyProblems, modelIndex, type SpecTensor, specTensors, tensorPlace } from '../spec-tensors';
import { nameProblems } from '../text-format/name-problems';
import { onlyText } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor } from '../text-format/recovered-spec';

const id = 'tengine-scale';

/**
 * Tengine `.scale` table, input of `quant_tool_uint8 -f` and `quant_tool_int8 -f`: one line `tensor scale zeroPoint` per
 * activation, single spaces. Weights are not in it: the tool quantizes them. Behind an absorbed Relu or Clip the tensor before
 * it gets the same line, because Tengine fuses the two and keeps the name of the first.
 *
 * @see Tengine c73708c tools/quantize; MQBench Tengine_u8 backend
 */
export const tengineScale: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'Tengine scale table',
  aliases: [],
  targets: ['tengine'],
  versions: ['1'],
  evidence: 'source',
  check(spec, model) {
    const index = modelIndex(model, id);
    const tensors = specTensors(spec, index, 'activation');
    const types = new Set(tensors.map(({ quantization }) => quantization.scheme.dtype.name));
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...emptyProblems(tensors, 'quantized activation'),
        ...nameProblems(
          tensors.map(({ name }) => name),
          tensorPlace,
          { separators: { ' ': 'a space' } },
        ),
        ...tensors.flatMap(typeProblems),
        ...(types.size > 1
          ? [{ where: 'spec', expected: 'one code type for all activations', received: [...types].join(' and ') }]
          : []),
      ],
      notes: [
        `Use quant_tool_${types.has('int8') ? 'int8' : 'uint8'}; it quantizes the weights by itself.`,
        ...(types.has('int8') ? ['In int8 mode Tengine fixes the scale of Softmax to 1/127.'] : []),
      ],
    };
  },
  render(spec, model, { name }) {
    const index = modelIndex(model, id);
    const rows = new Map(specTensors(spec, index, 'activation').map((t) => [t.name, t.quantization.qparams]));
    for (const { outputs } of specLayers(spec, index)) {
      for (const output of outputs) if (!rows.has(output.name)) rows.set(output.name, output.quantization.qparams);
    }
    const lines = [...rows].map(
      ([tensor, { scale, zeroPoint }]) => `${tensor} ${shortestFloat32(scale[0] ?? 0)} ${zeroPoint[0] ?? 0}\n`,
    );
    return [textFile(`${name}.scale`, lines.join(''))];
  },
  validate: (files) => parse(files).problems,
  read(files, model) {
    const index = modelIndex(model, id);
    const { rows, problems } = parse(files);
    refuseProblems(`[export] ${id}`, problems);
    const isSymmetric = [...rows.values()].every(([, zeroPoint]) => zeroPoint === 0);
    const scheme = isSymmetric
      ? linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true })
      : linearScheme({ dtype: uint8 });
    const known = [...rows].filter(([name]) => index.producer(name) !== undefined || index.isInput(name));
    const tensors = known.map(([name, [scale, zeroPoint]]) => [
      name,
      recoveredTensor('activation', scheme, [scale], [zeroPoint]),
    ]);
    return recoveredSpec('tengine', Object.fromEntries(tensors));
  },
});

// — internals —

function typeProblems({ name, quantization: { scheme, qparams } }: SpecTensor): readonly PlanProblem[] {
  const { dtype } = scheme;
  const where = tensorPlace(name);
  const hint = 'Quantize with --target tengine.';
  if (dtype.bits !== 8) return [{ where, expected: 'int8 or uint8 codes', received: dtype.name, hint }];
  const isShifted = dtype.signed && qparams.zeroPoint[0] !== 0;
  return isShifted ? [{ where, expected: 'zero point 0 for int8', received: String(qparams.zeroPoint[0]), hint }] : [];
}

function parse(files: readonly ExportedFile[]): {
  readonly rows: ReadonlyMap<string, readonly [scale: number, zeroPoint: number]>;
  readonly problems: readonly PlanProblem[];
} {
  const only = onlyText(files);
  const rows = new Map<string, readonly [number, number]>();
  if ('problems' in only) return { rows, problems: only.problems };
  const problems: PlanProblem[] = [];
  const lines = only.text.split('\n');
  if (lines.pop() !== '') problems.push({ where: 'end', expected: 'a final line end', received: 'none' });
  for (const [i, line] of lines.entries()) {
    const where = `line ${i + 1}`;
    const [, name = '', scaleText = '', zeroText = ''] = /^(\S+) (\S+) (-?\d+)$/.exec(line) ?? [];
    const [scale, zeroPoint] = [Number(scaleText), Number(zeroText)];
    if (name === '' || !(scale > 0 && Number.isFinite(scale))) {
      problems.push({ where, expected: '<tensor> <scale> <zero point>', received: JSON.stringify(line) });
      continue;
    }
    if (zeroPoint < -128 || zeroPoint > 255) {
      problems.push({ where, expected: 'an 8-bit zero point', received: zeroText });
    }
    if (rows.has(name)) problems.push({ where, expected: 'every tensor once', received: `${name} again` });
    rows.set(name, [scale, zeroPoint]);
  }
  if (rows.size === 0) problems.push({ where: 'table', expected: 'at least one tensor', received: 'none' });
  return { rows, problems };
}
