import { linearScheme, type PlanProblem, perAxis, perTensor, type TensorQuantization } from '@bitwright/core';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { commonProblems, modelIndex, type SpecTensor, specTensors, tensorPlace } from '../spec-tensors';
import { isObject, jsonText } from '../text-format/json';
import { onlyJson } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor } from '../text-format/recovered-spec';
import { smallestTypeOf } from './smallest-type';

const id = 'openvino-fake-quantize';

/**
 * The inputs of one OpenVINO FakeQuantize-1 per tensor, as JSON: for scripts that build or edit IR. (OpenVINO reads QDQ models
 * directly, which needs no script: exporter onnx-qdq.)
 *
 *   levels = qmax − qmin + 1,  low = scale·(qmin − zeroPoint),  high = scale·(qmax − zeroPoint); output ranges equal input ranges
 *
 * `shape` is that of the bounds, ready to broadcast: [] for one, [1, C, 1, 1] for channels of a filter.
 *
 * @see OpenVINO operation specification FakeQuantize-1; NNCF fake_quantize.py
 */
export const openvinoFakeQuantize: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'OpenVINO FakeQuantize description (JSON)',
  aliases: [],
  targets: ['openvino'],
  versions: ['1'],
  evidence: 'source',
  check(spec, model) {
    const index = modelIndex(model, id);
    return {
      problems: [...commonProblems(spec, model, index), ...specTensors(spec, index).flatMap(groupProblems)],
      notes: [
        'OpenVINO itself reads QDQ models; this description is for scripts that insert FakeQuantize.',
        'How FakeQuantize rounds ties is not specified.',
      ],
    };
  },
  render(spec, model, { name }) {
    const tensors = specTensors(spec, modelIndex(model, id)).filter(({ quantization }) => quantization.role !== 'bias');
    const entries = Object.fromEntries(tensors.map((tensor) => [tensor.name, describe(tensor)]));
    return [
      textFile(`${name}.fake-quantize.json`, jsonText({ version: 1, operation: 'FakeQuantize-1', tensors: entries })),
    ];
  },
  validate: (files) => parse(files).problems,
  read(files, model) {
    const index = modelIndex(model, id);
    const { tensors, problems } = parse(files);
    refuseProblems(`[export] ${id}`, problems);
    const entries = [...tensors].map(([name, entry]): [string, TensorQuantization] => [
      name,
      toTensor(entry, index.initializer(name) === undefined ? 'activation' : 'weight'),
    ]);
    return recoveredSpec('openvino', Object.fromEntries(entries));
  },
});

// — internals —

interface FakeQuantize {
  readonly levels: number;
  readonly shape: readonly number[];
  readonly input_low: readonly number[];
  readonly input_high: readonly number[];
  readonly output_low: readonly number[];
  readonly output_high: readonly number[];
}

function groupProblems({ name, quantization }: SpecTensor): readonly PlanProblem[] {
  if (quantization.scheme.granularity.kind !== 'perGroup') return [];
  const hint = 'Blocks need the weight compression form: Constant, Convert, Subtract, Multiply.';
  return [{ where: tensorPlace(name), expected: 'scales per tensor or channel', received: 'scales per block', hint }];
}

function describe({ quantization: { scheme, qparams }, shape }: SpecTensor): FakeQuantize {
  const { qmin, qmax, granularity } = scheme;
  const bound = (code: number): number[] =>
    Array.from(qparams.scale, (scale, g) => scale * (code - (qparams.zeroPoint[g] as number)) + 0);
  const [low, high] = [bound(qmin), bound(qmax)];
  return {
    levels: qmax - qmin + 1,
    shape:
      granularity.kind === 'perAxis' && shape !== undefined
        ? shape.map((d, axis) => (axis === granularity.axis ? d : 1))
        : [],
    input_low: low,
    input_high: high,
    output_low: low,
    output_high: high,
  };
}

function toTensor(
  { levels, shape, input_low, input_high }: FakeQuantize,
  role: TensorQuantization['role'],
): TensorQuantization {
  const axis = shape.findIndex((d) => d > 1);
  const scales = input_low.map((low, g) => ((input_high[g] as number) - low) / (levels - 1));
  const { dtype, qmin } = smallestTypeOf(levels, input_low, scales);
  const zeroPoints = input_low.map((low, g) => qmin - Math.round(low / (scales[g] as number)));
  const scheme = linearScheme({
    dtype,
    mapping: dtype.signed ? 'symmetric' : 'asymmetric',
    qmin,
    qmax: qmin + levels - 1,
    granularity: axis < 0 ? perTensor : perAxis(axis),
  });
  return recoveredTensor(role, scheme, scales, zeroPoints);
}

function parse(files: readonly ExportedFile[]): {
  readonly tensors: ReadonlyMap<string, FakeQuantize>;
  readonly problems: readonly PlanProblem[];
} {
  const only = onlyJson(files);
  const tensors = new Map<string, FakeQuantize>();
  if ('problems' in only) return { tensors, problems: only.problems };
  const root = isObject(only.json) ? only.json : {};
  const table = root['tensors'];
  if (root['version'] !== 1 || !isObject(table)) {
    return { tensors, problems: [{ where: '$', expected: 'version 1 with tensors', received: typeof table }] };
  }
  const problems: PlanProblem[] = [];
  for (const [name, entry] of Object.entries(table)) {
    const problem = entryProblem(entry);
    if (problem === undefined) tensors.set(name, entry as FakeQuantize);
    else problems.push({ where: tensorPlace(name), ...problem });
  }
  return { tensors, problems };
}

function entryProblem(entry: unknown): Omit<PlanProblem, 'where'> | undefined {
  const { levels, shape, input_low, input_high, output_low, output_high } = isObject(entry) ? entry : {};
  if (typeof levels !== 'number' || !Number.isInteger(levels) || levels < 2) {
    return { expected: 'at least 2 levels', received: JSON.stringify(levels) ?? 'none' };
  }
  const isBounds = (list: unknown): list is number[] => Array.isArray(list) && list.every((v) => Number.isFinite(v));
  if (!isBounds(input_low) || !isBounds(input_high) || !isBounds(output_low) || !isBounds(output_high)) {
    return { expected: 'four arrays of finite bounds', received: 'something else' };
  }
  const count = Array.isArray(shape) ? shape.reduce((product: number, d: number) => product * d, 1) : Number.NaN;
  if ([input_low, input_high, output_low, output_high].some((list) => list.length !== count)) {
    return { expected: `${count} bounds, as the shape says`, received: `${input_low.length} and others` };
  }
  const bad = input_low.findIndex((low, g) => !(low <= 0 && (input_high[g] as number) > low));
  return bad < 0 ? undefined : { expected: 'low ≤ 0 < high', received: `${input_low[bad]} at ${bad}` };
}
