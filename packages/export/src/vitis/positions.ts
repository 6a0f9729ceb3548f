import { int8, linearScheme, type PlanProblem } from '@bitwright/core';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { commonProblems, modelIndex, type SpecTensor, specTensors, tensorPlace } from '../spec-tensors';
import { isObject, jsonText } from '../text-format/json';
import { onlyJson } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor } from '../text-format/recovered-spec';

const id = 'vitis-positions';

/**
 * Vitis AI fix positions: scale = 2^−position for every tensor, 8 bits, zero point 0.
 *
 *   positions  {"<tensor>": [bitwidth, position]}              as the PyTorch flow's quant_info.json lists them
 *   mqbench    {"vitis": {"<tensor>": {"scale": 2^−position}}}
 *
 * @see Vitis AI quantizer b2b2279; MQBench Vitis backend
 */
export const vitisPositions: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'Vitis AI power-of-two positions',
  aliases: [],
  targets: ['vitis'],
  versions: ['positions', 'mqbench'],
  evidence: 'documentation',
  check(spec, model) {
    const index = modelIndex(model, id);
    const tensors = specTensors(spec, index);
    const biases = tensors.filter(({ quantization }) => quantization.role === 'bias').length;
    return {
      problems: [...commonProblems(spec, model, index), ...tensors.flatMap(positionProblems)],
      notes: [
        ...(biases === 0 ? ['Biases have no positions here: the compiler chooses them.'] : []),
        'The compiler checks that shifts between input, weight, bias and output positions are possible.',
      ],
    };
  },
  render(spec, model, { name, version }) {
    const tensors = specTensors(spec, modelIndex(model, id));
    const of = (entry: (tensor: SpecTensor) => unknown): object =>
      Object.fromEntries(tensors.map((tensor) => [tensor.name, entry(tensor)]));
    const root =
      version === 'positions'
        ? of(({ quantization }) => [quantization.scheme.dtype.bits, positionOf(quantization.qparams.scale[0] ?? 1)])
        : { vitis: of(({ quantization }) => ({ scale: quantization.qparams.scale[0] })) };
    return [textFile(`${name}.quant_info.json`, jsonText(root))];
  },
  validate: (files) => parse(files).problems,
  read(files, model) {
    const index = modelIndex(model, id);
    const { positions, problems } = parse(files);
    refuseProblems(`[export] ${id}`, problems);
    const tensors = [...positions].map(([name, position]) => {
      const isConstant = index.initializer(name) !== undefined;
      const scheme = linearScheme({
        dtype: int8,
        mapping: 'symmetric',
        scaleForm: 'powerOfTwo',
        ...(isConstant ? {} : { rounding: 'halfEvenNegativeUp' }),
      });
      return [name, recoveredTensor(isConstant ? 'weight' : 'activation', scheme, [2 ** -position])];
    });
    return recoveredSpec('vitis', Object.fromEntries(tensors));
  },
});

// — internals —

/** p of scale = 2^−p; not an integer when the scale is no power of two. */
function positionOf(scale: number): number {
  return -Math.log2(scale) + 0;
}

function positionProblems({ name, quantization: { scheme, qparams } }: SpecTensor): readonly PlanProblem[] {
  const where = tensorPlace(name);
  const hint = 'Quantize with --target vitis.';
  if (scheme.granularity.kind !== 'perTensor') {
    return [{ where, expected: 'one scale', received: `${scheme.granularity.kind} scales`, hint }];
  }
  if (!scheme.dtype.signed || scheme.dtype.bits !== 8 || qparams.zeroPoint[0] !== 0) {
    const received = `${scheme.dtype.name} with zero point ${qparams.zeroPoint[0]}`;
    return [{ where, expected: 'int8 with zero point 0', received, hint }];
  }
  return rangeProblems(positionOf(qparams.scale[0] ?? 0), where, hint);
}

function rangeProblems(position: number, where: string, hint?: string): readonly PlanProblem[] {
  if (Number.isInteger(position) && position >= -128 && position <= 127) return [];
  return [
    {
      where,
      expected: 'a scale 2^−p with integer p in [−128, 127]',
      received: `p = ${position}`,
      ...(hint === undefined ? {} : { hint }),
    },
  ];
}

function parse(files: readonly ExportedFile[]): {
  readonly positions: ReadonlyMap<string, number>;
  readonly problems: readonly PlanProblem[];
} {
  const only = onlyJson(files);
  const positions = new Map<string, number>();
  if ('problems' in only) return { positions, problems: only.problems };
  const root = isObject(only.json) ? only.json : {};
  const problems: PlanProblem[] = [];
  const add = (name: string, position: number): void => {
    problems.push(...rangeProblems(position, tensorPlace(name)));
    positions.set(name, position);
  };
  const table = root['vitis'];
  if (isObject(table)) {
    for (const [name, entry] of Object.entries(table)) {
      add(name, positionOf(isObject(entry) ? Number(entry['scale']) : Number.NaN));
    }
    return { positions, problems };
  }
  for (const [name, entry] of Object.entries(root)) {
    const [bits, position] = Array.isArray(entry) ? entry : [];
    if (bits !== 8) {
      problems.push({ where: tensorPlace(name), expected: '[8, position]', received: JSON.stringify(entry) ?? 'none' });
    } else add(name, Number(position));
  }
  return { positions, problems };
}
