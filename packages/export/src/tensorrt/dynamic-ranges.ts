import type { PlanProblem } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { commonProblems, emptyProblems, modelIndex, specTensors, tensorPlace } from '../spec-tensors';
import { symmetricInt8Problems } from '../text-format/activation-problems';
import { isObject, jsonText } from '../text-format/json';
import { nameProblems } from '../text-format/name-problems';
import { onlyJson } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor, symmetricInt8 } from '../text-format/recovered-spec';

const id = 'tensorrt-ranges';

/**
 * Dynamic ranges for `ITensor::setDynamicRange(−amax, amax)`, as JSON of one number per tensor. TensorRT itself reads no JSON:
 * the two flavours are those of the tools whose build scripts do.
 *
 *   ppq      {"act_quant_info": {"<tensor>": amax}}
 *   mqbench  {"tensorrt": {"blob_range": {"<tensor>": amax}}}
 *
 * amax = 127·scale, because TensorRT divides by 127. (MQBench's own formula is scale·max(−qmin, qmax): the same for the codes
 * −127…127 that it uses, but a scale 128/127 too large for −128…127.)
 *
 * @see PPQ 0.6.6 TensorRT exporter; MQBench deploy_linear (clip ranges)
 */
export const tensorrtRanges: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'TensorRT dynamic ranges (JSON)',
  aliases: [],
  targets: ['tensorrt-10'],
  versions: ['ppq', 'mqbench'],
  evidence: 'source',
  check(spec, model) {
    const index = modelIndex(model, id);
    const tensors = specTensors(spec, index, 'activation');
    const names = tensors.map(({ name }) => name);
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...emptyProblems(tensors, 'quantized activation'),
        ...nameProblems(names, tensorPlace),
        ...symmetricInt8Problems(tensors, 'Quantize for TensorRT: --target tensorrt-10.'),
      ],
      notes: ['TensorRT 11 has no dynamic ranges: it takes QDQ models only.'],
    };
  },
  render(spec, model, { name, version }) {
    const tensors = specTensors(spec, modelIndex(model, id), 'activation');
    const ranges = Object.fromEntries(
      tensors.map((tensor) => [tensor.name, 127 * (tensor.quantization.qparams.scale[0] ?? 0)]),
    );
    const root = version === 'ppq' ? { act_quant_info: ranges } : { tensorrt: { blob_range: ranges } };
    return [textFile(`${name}.json`, jsonText(root))];
  },
  validate: (files, model) => parseRanges(files, model).problems,
  read(files, model) {
    const { ranges, problems } = parseRanges(files, model);
    refuseProblems(`[export] ${id}`, problems);
    const tensors = [...ranges].map(([name, amax]) => [
      name,
      recoveredTensor('activation', symmetricInt8, [amax / 127]),
    ]);
    return recoveredSpec('tensorrt-10', Object.fromEntries(tensors));
  },
});

// — internals —

interface ParsedRanges {
  readonly ranges: ReadonlyMap<string, number>;
  readonly problems: readonly PlanProblem[];
}

function parseRanges(files: readonly ExportedFile[], model?: Model): ParsedRanges {
  const only = onlyJson(files);
  const empty: ParsedRanges = { ranges: new Map(), problems: [] };
  if ('problems' in only) return { ...empty, problems: only.problems };
  const root = isObject(only.json) ? only.json : {};
  const backend = isObject(root['tensorrt']) ? root['tensorrt'] : {};
  const table = root['act_quant_info'] ?? backend['blob_range'];
  if (!isObject(table)) {
    const expected = 'an object at act_quant_info or tensorrt.blob_range';
    return { ...empty, problems: [{ where: '$', expected, received: 'none' }] };
  }
  const index = model === undefined ? undefined : modelIndex(model, id);
  const problems: PlanProblem[] = [];
  const ranges = new Map<string, number>();
  for (const [name, amax] of Object.entries(table)) {
    const where = tensorPlace(name);
    if (typeof amax !== 'number' || !(amax > 0 && Number.isFinite(amax))) {
      problems.push({ where, expected: 'a positive finite range', received: JSON.stringify(amax) });
    } else {
      ranges.set(name, amax);
    }
    if (index !== undefined && index.producer(name) === undefined && !index.isInput(name)) {
      problems.push({ where, expected: 'a tensor of the model', received: 'none' });
    }
  }
  return { ranges, problems };
}
