import { type PlanProblem, representableRange } from '@bitwright/core';
import { getInt } from '@bitwright/onnx';
import { defineExporter, textFile } from '../define-exporter';
import type { Exporter } from '../exporter';
import { type SpecLayer, specLayers } from '../spec-layers';
import { commonProblems, modelIndex, nodePlace } from '../spec-tensors';
import { isObject, jsonText } from '../text-format/json';
import { onlyJson } from '../text-format/only-file';

const id = 'nnie-gfpq';

/**
 * HiSilicon NNIE parameters in MQBench's JSON: one clip bound c per input of every layer, with 16·log2(c) an integer.
 *
 *   {"nnie": {"gfpq_param_dict": {"<layer>": [c, …]}}}
 *
 * c is the smallest such number that covers the range of the spec. NNIE quantizes to a logarithmic grid by itself, so what a
 * linear spec measured does not carry over: only the ranges do. Grouped convolutions and layers that only move or clamp values
 * have no entry.
 *
 * @see MQBench NNIE backend; the vendor's table of allowed c is not public
 */
export const nnieGfpq: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'HiSilicon NNIE clip bounds (JSON)',
  aliases: ['nnie'],
  targets: [],
  versions: ['mqbench'],
  evidence: 'source',
  check(spec, model) {
    const index = modelIndex(model, id);
    return {
      problems: commonProblems(spec, model, index),
      notes: [
        'NNIE quantizes logarithmically: accuracy measured on the linear spec does not hold there.',
        'Bounds are rounded up to c with 16·log2(c) an integer; the vendor’s own table was not checked.',
      ],
    };
  },
  render(spec, model, { name }) {
    const layers = specLayers(spec, modelIndex(model, id)).filter(hasEntry);
    const entries = layers.map(({ node, inputs }) => [
      node.name,
      inputs.map(({ quantization }) => {
        const { min, max } = representableRange(quantization.qparams, quantization.scheme);
        return clipBound(Math.max(-(min[0] ?? 0), max[0] ?? 0));
      }),
    ]);
    return [textFile(`${name}.nnie.json`, jsonText({ nnie: { gfpq_param_dict: Object.fromEntries(entries) } }))];
  },
  validate(files) {
    const only = onlyJson(files);
    if ('problems' in only) return only.problems;
    const root = isObject(only.json) && isObject(only.json['nnie']) ? only.json['nnie'] : {};
    const table = root['gfpq_param_dict'];
    if (!isObject(table)) return [{ where: '$', expected: 'nnie.gfpq_param_dict', received: 'none' }];
    return Object.entries(table).flatMap(([layer, bounds]): PlanProblem[] => {
      const list = Array.isArray(bounds) ? (bounds as unknown[]) : [];
      const bad = list.find((c) => typeof c !== 'number' || !isClipBound(c));
      if (list.length > 0 && bad === undefined) return [];
      const received = JSON.stringify(bad) ?? 'none';
      return [{ where: nodePlace(layer), expected: 'bounds c with 16·log2(c) an integer', received }];
    });
  },
});

/**
 * The smallest c = 2^(k/16) with integer k that is at least `absmax`.
 *
 * @example clipBound(1.05) // 2 ** (2 / 16) = 1.0905…
 */
export function clipBound(absmax: number): number {
  const step = Math.ceil(16 * Math.log2(absmax) - slack);
  return 2 ** (step / 16);
}

// — internals —

/** 16·log2 of a bound read back from JSON is off an integer by less than this. */
const slack = 1e-9;

const withoutEntry = new Set(['Flatten', 'Relu', 'Sigmoid', 'Reshape', 'Softmax', 'Clip', 'GlobalAveragePool', 'Mul']);

function hasEntry({ node, inputs }: SpecLayer): boolean {
  const isGrouped = node.opType === 'Conv' && getInt(node, 'group', 1) > 1;
  return inputs.length > 0 && !isGrouped && !withoutEntry.has(node.opType);
}

function isClipBound(c: number): boolean {
  const step = 16 * Math.log2(c);
  return c > 0 && Number.isFinite(c) && Math.abs(step - Math.round(step)) < slack;
}
