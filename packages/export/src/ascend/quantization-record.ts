import { int8, linearScheme, type PlanProblem, perAxis, perTensor, shortestFloat32, uint8 } from '@bitwright/core';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { outputAxis } from '../output-axis';
import { type SpecLayer, specLayers } from '../spec-layers';
import { commonProblems, emptyProblems, modelIndex, nodePlace } from '../spec-tensors';
import { nameProblems } from '../text-format/name-problems';
import { onlyText } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor } from '../text-format/recovered-spec';

const id = 'ascend-record';

/**
 * Huawei AMCT quantization record: protobuf text, one record per layer with weights.
 *
 *   record {
 *     key: "conv1"
 *     value { scale_d: 0.01 offset_d: -3 scale_w: 0.002 scale_w: 0.003 offset_w: 0 offset_w: 0 }
 *   }
 *
 * offset_d is the zero point of int8 codes: zeroPoint − 128 for uint8. offset_w is 0. Several scale_w for convolutions only.
 * Scales lie within [2^−23, 2^23].
 *
 * @see AMCT documentation (hiascend); PPQ 0.6.6 Ascend exporter
 */
export const ascendRecord: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'Huawei Ascend AMCT record',
  aliases: ['amct'],
  targets: ['ascend'],
  versions: ['text'],
  evidence: 'documentation',
  check(spec, model) {
    const index = modelIndex(model, id);
    const layers = weightedLayers(specLayers(spec, index));
    const others = specLayers(spec, index).length - layers.length;
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...emptyProblems(layers, 'layer with weights on integers'),
        ...nameProblems(
          layers.map(({ node }) => node.name),
          nodePlace,
          { separators: { '"': 'a quotation mark', '\\': 'a backslash' } },
        ),
        ...layers.flatMap(layerProblems),
      ],
      notes: [
        ...(others > 0 ? [`${others} integer nodes without weights have no record: AMCT runs them in float.`] : []),
        'Fields such as skip_fusion are left at the defaults of the SDK.',
      ],
    };
  },
  render(spec, model, { name }) {
    const records = weightedLayers(specLayers(spec, modelIndex(model, id))).map(recordText);
    return [textFile(`${name}.record.txt`, records.join(''))];
  },
  validate: (files) => parse(files).problems,
  read(files, model) {
    const index = modelIndex(model, id);
    const { records, problems } = parse(files);
    refuseProblems(`[export] ${id}`, problems);
    const nodes = new Map(index.nodes.map((node) => [node.name, node]));
    const tensors = [...records].flatMap(([key, { scaleD, offsetD, scaleW }]) => {
      const node = nodes.get(key);
      if (node === undefined) return [];
      const [x = '', w = ''] = node.input;
      const granularity = scaleW.length === 1 ? perTensor : perAxis(outputAxis(node));
      const weight = linearScheme({ dtype: int8, mapping: 'symmetric', rounding: 'halfAway', granularity });
      const activation = linearScheme({ dtype: uint8, rounding: 'halfAway' });
      return [
        [x, recoveredTensor('activation', activation, [scaleD], [offsetD + 128])],
        [w, recoveredTensor('weight', weight, scaleW)],
      ];
    });
    return recoveredSpec('ascend', Object.fromEntries(tensors));
  },
});

// — internals —

/** The record takes scales within [2^−23, 2^23]. */
const smallestScale = 2 ** -23;

function weightedLayers(layers: readonly SpecLayer[]): readonly SpecLayer[] {
  return layers.filter(({ inputs, weights }) => inputs.length === 1 && weights.length === 1);
}

function layerProblems({ node, inputs: [x], weights: [w] }: SpecLayer): readonly PlanProblem[] {
  if (x === undefined || w === undefined) return [];
  const where = nodePlace(node.name);
  const { scheme, qparams } = w.quantization;
  const isConvolution = node.opType === 'Conv' || node.opType === 'ConvTranspose';
  if (x.quantization.scheme.dtype.bits !== 8 || scheme.dtype.bits !== 8) {
    const received = `${x.quantization.scheme.dtype.name} and ${scheme.dtype.name}`;
    return [{ where, expected: '8-bit activations and weights', received }];
  }
  if (!scheme.dtype.signed || qparams.zeroPoint.some((z) => z !== 0)) {
    return [{ where, expected: 'int8 weights with zero point 0', received: scheme.dtype.name }];
  }
  if (scheme.granularity.kind !== 'perTensor' && !isConvolution) {
    const hint = 'Quantize with --per-tensor, or leave the node in float.';
    return [
      { where, expected: `one weight scale for ${node.opType}`, received: `${qparams.scale.length} scales`, hint },
    ];
  }
  const scales = [...x.quantization.qparams.scale, ...qparams.scale];
  const bad = scales.find((s) => !(s >= smallestScale && s <= 1 / smallestScale));
  return bad === undefined ? [] : [{ where, expected: 'scales within [2^-23, 2^23]', received: String(bad) }];
}

function recordText({ node, inputs: [x], weights: [w] }: SpecLayer): string {
  const { scheme, qparams } = x?.quantization ?? { scheme: undefined, qparams: undefined };
  const offset = (qparams?.zeroPoint[0] ?? 0) - (scheme?.dtype.signed === false ? 128 : 0);
  const weights = w?.quantization.qparams.scale ?? [];
  const fields = [
    `scale_d: ${shortestFloat32(qparams?.scale[0] ?? 0)}`,
    `offset_d: ${offset}`,
    ...Array.from(weights, (scale) => `scale_w: ${shortestFloat32(scale)}`),
    ...Array.from(weights, () => 'offset_w: 0'),
  ];
  return ['record {', `  key: "${node.name}"`, '  value {', ...fields.map((f) => `    ${f}`), '  }', '}', ''].join(
    '\n',
  );
}

interface ParsedRecord {
  readonly scaleD: number;
  readonly offsetD: number;
  readonly scaleW: readonly number[];
}

const recordForm = /record\s*\{\s*key:\s*"([^"\\]+)"\s*value\s*\{([^{}]*)\}\s*\}\s*/y;

function parse(files: readonly ExportedFile[]): {
  readonly records: ReadonlyMap<string, ParsedRecord>;
  readonly problems: readonly PlanProblem[];
} {
  const only = onlyText(files);
  const records = new Map<string, ParsedRecord>();
  if ('problems' in only) return { records, problems: only.problems };
  const problems: PlanProblem[] = [];
  recordForm.lastIndex = 0;
  let end = 0;
  for (let match = recordForm.exec(only.text); match !== null; match = recordForm.exec(only.text)) {
    const [, key = '', body = ''] = match;
    end = recordForm.lastIndex;
    const where = nodePlace(key);
    const all = (field: string): number[] =>
      [...body.matchAll(new RegExp(`\\b${field}:\\s*(\\S+)`, 'g'))].map(([, text]) => Number(text));
    const [scaleD = Number.NaN, offsetD = Number.NaN] = [all('scale_d')[0], all('offset_d')[0]];
    const [scaleW, offsetW] = [all('scale_w'), all('offset_w')];
    const bad = [scaleD, ...scaleW].find((s) => !(s >= smallestScale && s <= 1 / smallestScale));
    if (bad !== undefined || scaleW.length === 0) {
      problems.push({ where, expected: 'scales within [2^-23, 2^23]', received: String(bad) });
    }
    if (!Number.isInteger(offsetD) || offsetD < -128 || offsetD > 127) {
      problems.push({ where, expected: 'offset_d within [-128, 127]', received: String(offsetD) });
    }
    if (offsetW.length !== scaleW.length || offsetW.some((offset) => offset !== 0)) {
      problems.push({ where, expected: `${scaleW.length} times offset_w: 0`, received: offsetW.join(', ') });
    }
    if (records.has(key)) problems.push({ where, expected: 'one record', received: 'another one' });
    records.set(key, { scaleD, offsetD, scaleW });
  }
  if (records.size === 0) problems.push({ where: 'file', expected: 'at least one record', received: 'none' });
  if (end !== only.text.length) {
    const received = JSON.stringify(only.text.slice(end, end + 40));
    problems.push({ where: `character ${end}`, expected: 'record { key: "…" value { … } }', received });
  }
  return { records, problems };
}
