import { InvalidArgumentError } from '@bitwright/core';
import {
  editGraph,
  type GraphEditor,
  getInt,
  getInts,
  getString,
  type Model,
  type Node,
  nodeLabel,
} from '@bitwright/onnx';
import { type StatisticsTable, shiftStatistics } from './batch-norm-statistics';
import { type BlockedGroup, type ChannelGroup, findChannelGroups } from './channel-groups';
import { type ChannelLayer, readBias, readWeights, writeBias } from './channel-layer';
import { mapOffset } from './group-offset';
import { applyToConstant } from './weight-layout';

export interface AbsorbOptions {
  /**
   * A reader that pads with zeros sees 0 beyond the border where it should see −c:
   * `skip` leaves such channels alone; `approximate` absorbs all the same and reports the largest error at the border.
   * Default `skip`.
   */
  readonly padded?: 'skip' | 'approximate';
}

/** Channels whose bias moved into the next layers. */
export interface AbsorbedBias {
  readonly tensor: string;
  readonly writer: string;
  readonly readers: readonly string[];
  /** Channels with c > 0. */
  readonly channels: number;
  readonly largest: number;
  /** `observed`: c from the smallest value seen, exact on those samples; `normal`: from mean and standard deviation. */
  readonly evidence: 'observed' | 'normal';
  /** Largest possible error at zero-padded borders: max over outputs of Σ |W2|·c. 0 where nothing is padded. */
  readonly borderError: number;
}

export interface AbsorbResult {
  readonly model: Model;
  readonly absorbed: readonly AbsorbedBias[];
  readonly skipped: readonly BlockedGroup[];
  readonly statistics: StatisticsTable;
}

/**
 * High-bias absorption: what a channel is always above moves through Relu into the bias of the layers that read it, so that
 * activations need less range.
 *
 *   c[i] = max(0, min x[i])   from observed extremes, or   max(0, mean[i] − 3·std[i])   from BatchNormalization
 *   b1[i] −= c[i],   b2[o] += Σ_{i,k} W2[o,i,k]·c[i]
 *
 * Exact wherever x[i] ≥ c[i] (99.865 % of a normal distribution). Only through functions with f(x − c) = f(x) − c for x ≥ c ≥ 0:
 * Relu and kin, MaxPool, averages that count no padding, Flatten; through Clip(0, u) where x[i] ≤ u.
 *
 * @param statistics of the outputs of layers, before their activation function
 * @throws {InvalidArgumentError} for an option outside its set
 * @see Nagel et al. 2019, arXiv:1906.04721 §4.1.3
 */
export function absorbHighBias(model: Model, statistics: StatisticsTable, options: AbsorbOptions = {}): AbsorbResult {
  const { padded = 'skip' } = options;
  if (padded !== 'skip' && padded !== 'approximate') {
    throw new InvalidArgumentError({
      operation: '[ptq] absorbHighBias',
      expected: 'padded skip or approximate',
      received: String(padded),
    });
  }
  const edit = editGraph(model);
  const found = findChannelGroups(edit, model);
  const skipped = [...found.blocked];
  const absorbed: AbsorbedBias[] = [];
  const shifts = new Map<string, Float64Array>();
  for (const group of found.groups) {
    const tensor = group.tensors[0] ?? '';
    const shift = shiftOf(group, statistics, padded);
    if (typeof shift === 'string') {
      skipped.push({ tensor, reason: shift });
      continue;
    }
    const count = shift.c.filter((c) => c > 0).length;
    if (count === 0) continue;
    absorbed.push({ ...absorb(group, shift.c, edit), evidence: shift.evidence, channels: count });
    for (const name of group.tensors) shifts.set(name, shift.c);
  }
  if (absorbed.length === 0) return { model, absorbed, skipped, statistics };
  return { model: edit.finish(), absorbed, skipped, statistics: shiftStatistics(statistics, shifts) };
}

// — internals —

/** Standard deviations around the mean that count as extremes where none were observed (99.865 % on either side). */
const deviations = 3;

interface Shift {
  readonly c: Float64Array;
  readonly evidence: AbsorbedBias['evidence'];
}

function shiftOf(group: ChannelGroup, statistics: StatisticsTable, padded: 'skip' | 'approximate'): Shift | string {
  const [writer, ...others] = group.writers;
  if (writer === undefined || others.length > 0) return `${group.writers.length} layers write these channels`;
  const bent = group.operators.find((node) => !shiftsThrough(node));
  if (bent !== undefined) return `${bent.opType} "${nodeLabel(bent)}" does not pass a constant on`;
  const pads = group.readers.find(({ layer }) => layer.isPadded);
  if (pads !== undefined && padded === 'skip') return `"${nodeLabel(pads.layer.node)}" pads with zeros`;
  const reader = group.readers.find(({ layer }) => layer.biasInput === undefined);
  if (reader !== undefined) return `"${nodeLabel(reader.layer.node)}" has no bias to take a constant up`;
  const transposed = group.readers.find(({ layer }) => layer.node.opType === 'ConvTranspose');
  if (transposed !== undefined) return `"${nodeLabel(transposed.layer.node)}" turns a constant into a pattern`;
  const output = writer.node.output[0] ?? '';
  const late = group.offsets.find(({ node }) => !node.input.includes(output));
  if (late !== undefined) return `"${nodeLabel(late.node)}" adds a constant behind the activation function`;
  if (group.offsets.length === 0 && writer.biasInput === undefined) return `"${nodeLabel(writer.node)}" has no bias`;
  const tensor = group.offsets[0]?.node.output[0] ?? output;
  const entry = statistics.get(tensor);
  if (entry === undefined) return `there are no statistics of "${tensor}"`;
  const ceiling = group.clips.reduce((least, clip) => Math.min(least, clip.ceiling), Number.POSITIVE_INFINITY);
  const c = new Float64Array(group.channels);
  for (let i = 0; i < c.length; i++) {
    const mean = entry.mean[i] as number;
    const std = entry.std[i] as number;
    const low = entry.min?.[i] ?? mean - deviations * std;
    const high = entry.max?.[i] ?? mean + deviations * std;
    c[i] = high > ceiling ? 0 : Math.max(0, low);
  }
  return { c, evidence: entry.min === undefined ? 'normal' : 'observed' };
}

function absorb(group: ChannelGroup, c: Float64Array, edit: GraphEditor): Omit<AbsorbedBias, 'evidence' | 'channels'> {
  const writer = group.writers[0] as ChannelLayer;
  const offset = group.offsets[0];
  if (offset === undefined) {
    const factor = writer.biasFactor;
    writeBias(
      writer,
      readBias(writer, edit).map((b, i) => b - (c[i] as number) / factor),
      edit,
    );
  } else {
    mapOffset(offset, group.channels, edit, (value, i) => value - (c[i] as number));
  }
  let borderError = 0;
  for (const { layer, block } of group.readers) {
    const weights = readWeights(layer, edit);
    const constant = (input: number): number => c[Math.floor(input / block)] as number;
    const added = applyToConstant(weights, layer.layout, constant);
    const factor = layer.weightFactor / layer.biasFactor;
    writeBias(
      layer,
      readBias(layer, edit).map((b, o) => b + factor * (added[o] as number)),
      edit,
    );
    if (!layer.isPadded) continue;
    const worst = applyToConstant(weights.map(Math.abs), layer.layout, constant);
    borderError = worst.reduce((a, b) => Math.max(a, b), borderError);
  }
  return {
    tensor: group.tensors[0] ?? '',
    writer: nodeLabel(writer.node),
    readers: group.readers.map(({ layer }) => nodeLabel(layer.node)),
    largest: c.reduce((a, b) => Math.max(a, b), 0),
    borderError,
  };
}

const passesConstants: ReadonlySet<string> = new Set([
  'Identity',
  'Dropout',
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Clip',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'ReduceMean',
  'ReduceMax',
  'MaxPool',
  'Flatten',
  'Reshape',
  'Squeeze',
  'Transpose',
]);

/** Whether f(x − c) = f(x) − c for every x ≥ c ≥ 0. An added constant counts: it is the writer's bias. */
function shiftsThrough(node: Node): boolean {
  if (node.opType === 'AveragePool') {
    const isPadded =
      getInts(node, 'pads', []).some((pad) => pad !== 0) || getString(node, 'auto_pad', 'NOTSET') !== 'NOTSET';
    return !isPadded || getInt(node, 'count_include_pad', 0) === 0;
  }
  return node.opType === 'Add' || passesConstants.has(node.opType);
}
