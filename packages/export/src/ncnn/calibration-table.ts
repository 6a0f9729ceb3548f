import {
  int8,
  linearScheme,
  type PlanProblem,
  perAxis,
  perTensor,
  shortestFloat32,
  type TensorQuantization,
} from '@bitwright/core';
import type { GraphIndex } from '@bitwright/onnx';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { commonProblems, emptyProblems, modelIndex, nodePlace } from '../spec-tensors';
import { symmetricInt8Problems } from '../text-format/activation-problems';
import { nameProblems } from '../text-format/name-problems';
import { onlyText } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor, symmetricInt8 } from '../text-format/recovered-spec';
import { isWinograd } from '../winograd-convolution';
import { type NcnnLayer, ncnnLayers, weightScales } from './ncnn-layers';

const id = 'ncnn-table';

/**
 * ncnn calibration table, the last argument of `ncnn2int8`:
 *
 *   conv1_param_0 84.5 90.25 …        ← weight rows first: one multiplier 1/scale per output channel (or group)
 *   conv1 51.2                        ← then one multiplier per layer input
 *
 * `q = clamp(roundHalfAway(x·multiplier), −127, 127)`. Single spaces, LF, no empty line: the reader stops at the first one.
 * Every layer has both rows or none, because half a layer silently turns the later ones to float. Keys are layer names:
 * those of the ONNX nodes, as onnx2ncnn keeps them.
 *
 * @see ncnn tools/quantize/ncnn2int8.cpp (July 2026)
 */
export const ncnnTable: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'ncnn int8 calibration table',
  aliases: [],
  targets: ['ncnn'],
  versions: ['int8'],
  evidence: 'run',
  check(spec, model) {
    const index = modelIndex(model, id);
    const { layers, problems, others } = ncnnLayers(spec, index);
    const inputs = layers.map(({ node, activation }) => ({
      name: node.input[0] ?? '',
      quantization: activation,
      shape: undefined,
    }));
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...emptyProblems(layers, 'layer on integers'),
        ...problems,
        ...nameProblems(
          layers.map(({ node }) => node.name),
          nodePlace,
          nameRule,
        ),
        ...repeatedNames(layers),
        ...symmetricInt8Problems(inputs, 'Quantize with --target ncnn.'),
        ...layers.flatMap(multiplierProblems),
      ],
      notes: [
        `${index.nodes.length - layers.length} nodes have no rows and run in float${others.length > 0 ? `, ${others.length} of which the spec has on integers` : ''}.`,
        ...winogradNotes(layers, index),
      ],
    };
  },
  render(spec, model, { name }) {
    const { layers } = ncnnLayers(spec, modelIndex(model, id));
    const row = (key: string, scales: Iterable<number>): string =>
      [key, ...Array.from(scales, (scale) => String(multiplier(scale)))].join(' ');
    const lines = [
      ...layers.map((layer) => row(`${layer.node.name}_param_0`, weightScales(layer))),
      ...layers.map(({ node, activation }) => row(node.name, activation.qparams.scale)),
    ];
    return [textFile(`${name}.table`, lines.map((line) => `${line}\n`).join(''))];
  },
  validate(files, model) {
    const { problems } = parseTable(files);
    return problems.length > 0 || model === undefined ? problems : modelProblems(files, modelIndex(model, id));
  },
  read(files, model) {
    const index = modelIndex(model, id);
    const { rows, problems } = parseTable(files);
    refuseProblems(`[export] ${id}`, [...problems, ...modelProblems(files, index)]);
    const tensors: Record<string, TensorQuantization> = {};
    for (const node of index.nodes) {
      const input = rows.get(node.name);
      const weights = rows.get(`${node.name}${weightSuffix}`);
      if (input === undefined || weights === undefined) continue;
      const [x = '', w = ''] = node.input;
      const axis = index.initializer(w)?.dims[0] === BigInt(weights.length) ? 0 : 1;
      const scheme = linearScheme({
        dtype: int8,
        mapping: 'symmetric',
        narrowRange: true,
        granularity: weights.length === 1 ? perTensor : perAxis(axis),
      });
      tensors[x] = recoveredTensor('activation', symmetricInt8, input.map(inverse));
      tensors[w] = recoveredTensor('weight', scheme, weights.map(inverse));
    }
    return recoveredSpec('ncnn', tensors);
  },
});

// — internals —

const weightSuffix = '_param_0';
/** Keys are read into 256 bytes, and a key with `_param_` is taken for a weight row. */
const nameRule = {
  separators: { ' ': 'a space', _param_: '"_param_"' },
  maxBytes: 255 - weightSuffix.length,
};
const largestMultiplier = 1e9;

function multiplier(scale: number): number {
  return shortestFloat32(Math.fround(1 / scale));
}

function inverse(value: number): number {
  return 1 / value;
}

function repeatedNames(layers: readonly NcnnLayer[]): readonly PlanProblem[] {
  const names = layers.map(({ node }) => node.name);
  return names
    .filter((name, i) => names.indexOf(name) < i)
    .map((name) => ({ where: nodePlace(name), expected: 'a name of its own', received: 'the name of another node' }));
}

function multiplierProblems({ node, activation, weight }: NcnnLayer): readonly PlanProblem[] {
  const scales = [...activation.qparams.scale, ...weight.qparams.scale];
  const bad = scales.find((scale) => !(1 / scale < largestMultiplier && 1 / scale > 1 / largestMultiplier));
  if (bad === undefined) return [];
  const expected = `scales within (${1 / largestMultiplier}, ${largestMultiplier})`;
  return [{ where: nodePlace(node.name), expected, received: String(bad) }];
}

function winogradNotes(layers: readonly NcnnLayer[], index: GraphIndex): readonly string[] {
  const wide = layers.filter(({ node, weight }) => weight.scheme.qmax > 31 && isWinograd(node, index));
  const first = wide[0];
  if (first === undefined) return [];
  return [
    `${wide.length} convolutions 3×3 with stride 1 (first "${first.node.name}") have weights up to ±${first.weight.scheme.qmax}: ncnn builds with int8 Winograd overflow above ±31, so turn it off (opt.use_winograd_convolution = false), or quantize for target ncnn, which plans 6 bits there.`,
  ];
}

interface ParsedTable {
  readonly rows: ReadonlyMap<string, readonly number[]>;
  readonly problems: readonly PlanProblem[];
}

function parseTable(files: readonly ExportedFile[]): ParsedTable {
  const only = onlyText(files);
  const rows = new Map<string, readonly number[]>();
  if ('problems' in only) return { rows, problems: only.problems };
  const problems: PlanProblem[] = [];
  const lines = only.text.split('\n');
  if (lines.pop() !== '') problems.push({ where: 'end', expected: 'a final line end', received: 'none' });
  for (const [i, line] of lines.entries()) {
    const where = `line ${i + 1}`;
    const [key = '', ...fields] = line.split(' ');
    const values = fields.map(Number);
    if (key === '' || fields.length === 0 || fields.includes('')) {
      problems.push({ where, expected: '<key> <multiplier> …, single spaces', received: JSON.stringify(line) });
      continue;
    }
    const bad = values.findIndex((value) => !(value > 0 && value < largestMultiplier));
    if (bad >= 0) problems.push({ where, expected: 'multipliers within (0, 1e9)', received: String(fields[bad]) });
    if (rows.has(key)) problems.push({ where, expected: 'every key once', received: `${key} again` });
    if (!key.includes('_param_') && values.length !== 1) {
      problems.push({ where, expected: 'one multiplier for a layer input', received: String(values.length) });
    }
    rows.set(key, values);
  }
  if (rows.size === 0) problems.push({ where: 'table', expected: 'at least one layer', received: 'none' });
  for (const key of rows.keys()) {
    const isWeight = key.endsWith(weightSuffix);
    const other = isWeight ? key.slice(0, -weightSuffix.length) : `${key}${weightSuffix}`;
    if (rows.has(other)) continue;
    const received = `only the ${isWeight ? 'weight' : 'input'} row of "${isWeight ? other : key}"`;
    problems.push({ where: 'table', expected: 'both rows of a layer or none', received });
  }
  return { rows, problems };
}

function modelProblems(files: readonly ExportedFile[], index: GraphIndex): readonly PlanProblem[] {
  const { rows } = parseTable(files);
  const nodes = new Map(index.nodes.map((node) => [node.name, node]));
  return [...rows].flatMap(([key, values]): PlanProblem[] => {
    if (!key.endsWith(weightSuffix)) return [];
    const name = key.slice(0, -weightSuffix.length);
    const weight = index.initializer(nodes.get(name)?.input[1] ?? '');
    const where = nodePlace(name);
    if (weight === undefined) return [{ where, expected: 'a layer with weights in the model', received: 'none' }];
    const node = nodes.get(name);
    const group = node?.attribute.find((attribute) => attribute.name === 'group')?.i ?? 1n;
    const lengths = group > 1n ? [Number(group)] : weight.dims.slice(0, 2).map(Number);
    if (lengths.includes(values.length)) return [];
    return [{ where, expected: `${lengths.join(' or ')} multipliers`, received: String(values.length) }];
  });
}
