import {
  intDType,
  linearScheme,
  type PlanProblem,
  perAxis,
  perTensor,
  representableRange,
  shortestFloat32,
  type TensorQuantization,
} from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { outputAxis } from '../output-axis';
import { specLayers } from '../spec-layers';
import { commonProblems, modelIndex, type SpecTensor, specTensors, tensorPlace } from '../spec-tensors';
import { isObject, jsonText } from '../text-format/json';
import { nameProblems } from '../text-format/name-problems';
import { onlyJson } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor } from '../text-format/recovered-spec';

const id = 'pplnn-json';

/**
 * Parameters for PPLNN:
 *
 *   ppq      {"quant_info": {"<tensor>": {bit_width, scale, zero_point, …}}, "op_info": {"<node>": {"data_type": "INT8"}}}
 *   mqbench  {"ppl": {"<tensor>": {step, zero_point, min, max, bit, type}}}
 *   cuda     one line `tensor: amax` per activation
 *
 * Biases are left out. `hash` numbers the tensors; `dominator` is the number of the tensor whose parameters one shares.
 *
 * @see PPQ 0.6.6 PPL exporter; MQBench deploy for PPLW8A16 and PPLCUDA
 */
export const pplnnJson: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'PPLNN parameters (JSON)',
  aliases: [],
  targets: ['pplnn'],
  versions: ['ppq', 'mqbench', 'cuda'],
  evidence: 'source',
  check(spec, model, options) {
    const index = modelIndex(model, id);
    const tensors = exported(specTensors(spec, index));
    const isText = options?.version === 'cuda';
    const names = tensors.map(({ name }) => name);
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...nameProblems(names, tensorPlace, isText ? { separators: { ': ': 'a colon and a space' } } : {}),
        ...tensors.flatMap(typeProblems),
      ],
      notes: isText
        ? ['The text flavour carries activations only.']
        : ['Biases are left out: PPLNN stores them itself.'],
    };
  },
  render(spec, model, { name, version }) {
    const index = modelIndex(model, id);
    const tensors = exported(specTensors(spec, index));
    if (version === 'cuda') {
      const lines = tensors
        .filter(({ quantization }) => quantization.role === 'activation')
        .map((tensor) => `${tensor.name}: ${absmaxOf(tensor.quantization)}\n`);
      return [textFile(`${name}.txt`, lines.join(''))];
    }
    if (version === 'mqbench') {
      return [
        textFile(`${name}.json`, jsonText({ ppl: Object.fromEntries(tensors.map((t) => [t.name, mqbenchEntry(t)])) })),
      ];
    }
    const hashes = new Map(tensors.map((tensor, i) => [tensor.name, i + 1]));
    const quantInfo = Object.fromEntries(tensors.map((tensor) => [tensor.name, ppqEntry(tensor, hashes)]));
    const opInfo = Object.fromEntries(specLayers(spec, index).map(({ node }) => [node.name, { data_type: 'INT8' }]));
    return [textFile(`${name}.json`, jsonText({ quant_info: quantInfo, op_info: opInfo }))];
  },
  validate(files, model) {
    return files[0]?.path.endsWith('.txt') ? textProblems(files[0]) : parse(files, model).problems;
  },
  read(files, model) {
    // The text flavour has amax alone: nothing that could be told apart from other schemes.
    if (files[0]?.path.endsWith('.txt') === true) return recoveredSpec('pplnn', {});
    const index = modelIndex(model, id);
    const { entries, problems } = parse(files, model);
    refuseProblems(`[export] ${id}`, problems);
    const tensors = entries.map(({ name, bits, scale, zeroPoint, isSymmetric }): [string, TensorQuantization] => {
      const use = index.consumers(name)[0];
      const scheme = linearScheme({
        dtype: intDType(bits, isSymmetric),
        mapping: isSymmetric ? 'symmetric' : 'asymmetric',
        granularity: scale.length === 1 || use === undefined ? perTensor : perAxis(outputAxis(use.node)),
      });
      const role = index.initializer(name) === undefined ? 'activation' : 'weight';
      return [name, recoveredTensor(role, scheme, scale, zeroPoint)];
    });
    return recoveredSpec('pplnn', Object.fromEntries(tensors));
  },
});

// — internals —

function exported(tensors: readonly SpecTensor[]): readonly SpecTensor[] {
  return tensors.filter(({ quantization }) => quantization.role !== 'bias');
}

function typeProblems({ name, quantization: { scheme } }: SpecTensor): readonly PlanProblem[] {
  const where = tensorPlace(name);
  const { dtype, granularity } = scheme;
  if (dtype.bits > 16) return [{ where, expected: 'at most 16 bits', received: dtype.name }];
  return granularity.kind === 'perGroup'
    ? [{ where, expected: 'scales per tensor or channel', received: 'scales per block' }]
    : [];
}

/** Real bounds of the codes, one per parameter, or one number for one. */
function boundsOf(quantization: TensorQuantization): {
  readonly min: number | number[];
  readonly max: number | number[];
} {
  const { min, max } = representableRange(quantization.qparams, quantization.scheme);
  return { min: oneOrMany(Array.from(min, (v) => v + 0)), max: oneOrMany(Array.from(max)) };
}

function absmaxOf(quantization: TensorQuantization): number {
  const { min, max } = representableRange(quantization.qparams, quantization.scheme);
  return Math.max(-(min[0] ?? 0), max[0] ?? 0);
}

function oneOrMany(values: number[]): number | number[] {
  return values.length === 1 ? (values[0] ?? 0) : values;
}

function ppqEntry({ name, quantization }: SpecTensor, hashes: ReadonlyMap<string, number>): object {
  const { scheme, qparams, origin } = quantization;
  const { min, max } = boundsOf(quantization);
  const leader = origin.source === 'derived' ? (origin.from?.[0] ?? name) : name;
  return {
    bit_width: scheme.dtype.bits,
    per_channel: scheme.granularity.kind === 'perAxis',
    quant_flag: true,
    sym: scheme.mapping === 'symmetric',
    scale: oneOrMany(Array.from(qparams.scale, shortestFloat32)),
    zero_point: oneOrMany(Array.from(qparams.zeroPoint)),
    tensor_min: min,
    tensor_max: max,
    q_min: scheme.qmin,
    q_max: scheme.qmax,
    hash: hashes.get(name),
    dominator: hashes.get(leader) ?? hashes.get(name),
  };
}

function mqbenchEntry({ quantization }: SpecTensor): object {
  const { scheme, qparams } = quantization;
  return {
    bit: scheme.dtype.bits,
    ...boundsOf(quantization),
    step: oneOrMany(Array.from(qparams.scale, shortestFloat32)),
    zero_point: oneOrMany(Array.from(qparams.zeroPoint)),
    type: 'biased',
  };
}

interface Entry {
  readonly name: string;
  readonly bits: number;
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  readonly isSymmetric: boolean;
}

function parse(
  files: readonly ExportedFile[],
  model?: Model,
): { readonly entries: readonly Entry[]; readonly problems: readonly PlanProblem[] } {
  const only = onlyJson(files);
  if ('problems' in only) return { entries: [], problems: only.problems };
  const root = isObject(only.json) ? only.json : {};
  const table = root['quant_info'] ?? root['ppl'];
  if (!isObject(table)) {
    return { entries: [], problems: [{ where: '$', expected: 'quant_info or ppl', received: 'neither' }] };
  }
  const index = model === undefined ? undefined : modelIndex(model, id);
  const entries: Entry[] = [];
  const problems: PlanProblem[] = [];
  for (const [name, value] of Object.entries(table)) {
    const entry = isObject(value) ? value : {};
    const where = tensorPlace(name);
    const scale = [entry['scale'] ?? entry['step']].flat() as unknown[];
    const zeroPoint = [entry['zero_point']].flat() as unknown[];
    const bits = entry['bit_width'] ?? entry['bit'];
    const bad = scale.find((s) => typeof s !== 'number' || !(s > 0 && Number.isFinite(s)));
    if (scale.length === 0 || bad !== undefined) {
      problems.push({ where, expected: 'positive finite scales', received: JSON.stringify(bad) ?? 'none' });
    } else if (zeroPoint.length !== scale.length || !zeroPoint.every(Number.isInteger)) {
      problems.push({ where, expected: `${scale.length} integer zero points`, received: JSON.stringify(zeroPoint) });
    } else if (typeof bits !== 'number' || !(bits >= 2 && bits <= 16)) {
      problems.push({ where, expected: '2 to 16 bits', received: JSON.stringify(bits) ?? 'none' });
    } else {
      const isSymmetric = entry['sym'] ?? zeroPoint.every((z) => z === 0);
      entries.push({
        name,
        bits,
        scale: scale as number[],
        zeroPoint: zeroPoint as number[],
        isSymmetric: isSymmetric === true,
      });
    }
    const isKnown =
      index === undefined ||
      index.initializer(name) !== undefined ||
      index.producer(name) !== undefined ||
      index.isInput(name);
    if (!isKnown) problems.push({ where, expected: 'a tensor of the model', received: 'none' });
  }
  return { entries, problems };
}

function textProblems({ path, bytes }: ExportedFile): readonly PlanProblem[] {
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  const bad = lines.findIndex((line) => !(Number(/^.+: (\S+)$/.exec(line)?.[1]) > 0));
  return bad < 0
    ? []
    : [{ where: `${path} line ${bad + 1}`, expected: '<tensor>: <amax>', received: JSON.stringify(lines[bad]) }];
}
