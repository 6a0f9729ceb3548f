import { InvalidArgumentError } from '@bitwright/core';
import { editGraph, type GraphEditor, type Model, nodeLabel } from '@bitwright/onnx';
import { type ChannelStatistics, type StatisticsTable, scaleStatistics } from './batch-norm-statistics';
import { type BlockedGroup, type ChannelGroup, findChannelGroups } from './channel-groups';
import { type ChannelLayer, hasBias, readBias, readWeights, writeBias, writeWeights } from './channel-layer';
import { scaleOffset } from './group-offset';
import { channelBounds } from './scale-bounds';
import { addInputMaxima, addOutputMaxima, equalizingFactors, type ScaledLayer, scaledLayer } from './scale-factors';
import { scaleChannels } from './weight-layout';

export interface EqualizeOptions {
  /**
   * What to do with Clip(0, c) between two layers, which does not scale:
   * `relu`     becomes Relu, as in the paper: values above c are no longer cut off;
   * `bounded`  stays, and scales are bounded so that it goes on doing what it did: a channel that reaches c keeps its scale, no
   *            other is scaled up beyond c. Needs statistics of the Clip's input, else the group is skipped;
   * `skip`     stays, and its layers keep their scales.
   * Default `relu`.
   */
  readonly clip?: 'relu' | 'bounded' | 'skip';
  /**
   * Channels with several writers or readers (residual joins, forks): one scale for all of them, from the largest ranges, or none,
   * as in the paper. Default `equalize`: as exact, and mobilenetv2 loses less.
   */
  readonly shared?: 'skip' | 'equalize';
  /** Sweeps over all groups at most. Default 1000: a network with residual joins needs hundreds (mobilenetv2 about 200). */
  readonly sweeps?: number;
  /** Sweeps end when no scale changes by more than this share. Default 1e-3. */
  readonly tolerance?: number;
  /** Statistics of activations, scaled along. */
  readonly statistics?: StatisticsTable;
}

/** Layers whose common channels were equalized. Ranges are per-channel maxima of |w|. */
export interface EqualizedPair {
  /** First tensor that carries the channels. */
  readonly tensor: string;
  readonly channels: number;
  /** Nodes that write the channels, and nodes that read them. */
  readonly writers: readonly string[];
  readonly readers: readonly string[];
  /** Clip nodes that became Relu. */
  readonly replacedClips: readonly string[];
  /** Smallest and largest s: activations of a channel were divided by it. */
  readonly smallestScale: number;
  readonly largestScale: number;
  /** Largest over smallest channel range in the layers that write or those that read, whichever is worse, before and after. */
  readonly spreadBefore: number;
  readonly spreadAfter: number;
}

export interface EqualizeResult {
  readonly model: Model;
  readonly pairs: readonly EqualizedPair[];
  /** Channels left as they were, and why. */
  readonly skipped: readonly BlockedGroup[];
  readonly sweeps: number;
  /** Largest relative change of a scale in the last sweep. */
  readonly residual: number;
  readonly statistics: StatisticsTable;
}

/**
 * Cross-layer equalization of a prepared model (BatchNorm folded, nodes named): scales moved between layers so that every channel
 * has the same weight range where it is written and where it is read. One scale per tensor then fits all channels.
 *
 *   W1[c,…] / s[c],  b1[c] / s[c],  W2[…,c] · s[c]
 *
 * The float function stays as it is, zero padding included (0 / s = 0), to rounding; except where `clip: 'relu'` takes a ceiling
 * away. Channels end at model outputs and at operators that mix or bend them.
 *
 * @throws {InvalidArgumentError} for an option outside its set
 * @see Nagel et al. 2019, arXiv:1906.04721 §4.1
 */
export function equalizeWeights(model: Model, options: EqualizeOptions = {}): EqualizeResult {
  const settings = resolveOptions(options);
  const { statistics = new Map<string, ChannelStatistics>() } = options;
  const edit = editGraph(model);
  const found = findChannelGroups(edit, model);
  const skipped = [...found.blocked];
  const groups: ChannelGroup[] = [];
  for (const group of found.groups) {
    const reason = whySkipped(group, settings, statistics);
    if (reason === undefined) groups.push(group);
    else skipped.push({ tensor: group.tensors[0] ?? '', reason });
  }
  if (groups.length === 0) return { model, pairs: [], skipped, sweeps: 0, residual: 0, statistics };

  const layers = collectLayers(groups, edit);
  const bounds = groups.map((group) => (settings.clip === 'bounded' ? channelBounds(group, statistics) : undefined));
  const factors = equalizingFactors(
    [...layers.values()],
    groups.map((group) => group.channels),
    {
      sweeps: settings.sweeps,
      tolerance: settings.tolerance,
      smallest: bounds.map((bound) => bound?.smallest),
      largest: bounds.map((bound) => bound?.largest),
    },
  );
  const ones = groups.map((group) => new Float64Array(group.channels).fill(1));
  const pairs = groups.map((group, g): EqualizedPair => {
    const scale = factors.scales[g] as Float64Array;
    return {
      tensor: group.tensors[0] ?? '',
      channels: group.channels,
      writers: group.writers.map((layer) => nodeLabel(layer.node)),
      readers: group.readers.map(({ layer }) => nodeLabel(layer.node)),
      replacedClips: settings.clip === 'relu' ? group.clips.map(({ node }) => nodeLabel(node)) : [],
      smallestScale: scale.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      largestScale: scale.reduce((a, b) => Math.max(a, b), 0),
      spreadBefore: spread(g, ones, [...layers.values()]),
      spreadAfter: spread(g, factors.scales, [...layers.values()]),
    };
  });
  for (const [layer, scaled] of layers) applyToLayer(layer, scaled, factors.scales, edit);
  const scaleOfTensor = new Map<string, Float64Array>();
  for (const [g, group] of groups.entries()) {
    const scale = factors.scales[g] as Float64Array;
    for (const offset of group.offsets) scaleOffset(offset, scale, edit);
    for (const tensor of group.tensors) scaleOfTensor.set(tensor, scale);
    if (settings.clip === 'relu') for (const { node } of group.clips) becomeRelu(node, edit);
  }
  return {
    model: edit.finish(),
    pairs,
    skipped,
    sweeps: factors.sweeps,
    residual: factors.residual,
    statistics: scaleStatistics(statistics, scaleOfTensor),
  };
}

// — internals —

type Settings = Required<Omit<EqualizeOptions, 'statistics'>>;

function resolveOptions(options: EqualizeOptions): Settings {
  const { clip = 'relu', shared = 'equalize', sweeps = 1000, tolerance = 1e-3 } = options;
  if (!['relu', 'bounded', 'skip'].includes(clip)) throw invalid('clip relu, bounded or skip', clip);
  if (!['skip', 'equalize'].includes(shared)) throw invalid('shared skip or equalize', shared);
  if (!Number.isInteger(sweeps) || sweeps < 1) throw invalid('sweeps to be a positive integer', sweeps);
  if (!(tolerance >= 0)) throw invalid('tolerance to be 0 or more', tolerance);
  return { clip, shared, sweeps, tolerance };
}

function invalid(expected: string, received: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] equalizeWeights', expected, received: String(received) });
}

function whySkipped(group: ChannelGroup, settings: Settings, statistics: StatisticsTable): string | undefined {
  const { writers, readers, clips } = group;
  if (settings.shared === 'skip' && (writers.length > 1 || readers.length > 1)) {
    return `${writers.length} layers write and ${readers.length} read these channels`;
  }
  const clip = clips[0];
  if (clip === undefined || settings.clip === 'relu') return undefined;
  if (settings.clip === 'skip') return `Clip "${nodeLabel(clip.node)}" has a ceiling of ${clip.ceiling}`;
  return clips.every(({ node }) => statistics.has(node.input[0] ?? ''))
    ? undefined
    : `there are no statistics of the input of Clip "${nodeLabel(clip.node)}"`;
}

/** Every layer that writes or reads some group, with both of its groups. */
function collectLayers(groups: readonly ChannelGroup[], edit: GraphEditor): Map<ChannelLayer, ScaledLayer> {
  const outputs = new Map<ChannelLayer, number>();
  const inputs = new Map<ChannelLayer, { readonly group: number; readonly block: number }>();
  for (const [g, group] of groups.entries()) {
    for (const layer of group.writers) outputs.set(layer, g);
    for (const { layer, block } of group.readers) inputs.set(layer, { group: g, block });
  }
  const layers = new Map<ChannelLayer, ScaledLayer>();
  for (const layer of new Set([...outputs.keys(), ...inputs.keys()])) {
    const { group, block = 1 } = inputs.get(layer) ?? {};
    layers.set(layer, {
      ...scaledLayer(readWeights(layer, edit), layer.layout),
      output: outputs.get(layer),
      input: group,
      block,
    });
  }
  return layers;
}

function applyToLayer(
  layer: ChannelLayer,
  scaled: ScaledLayer,
  scales: readonly Float64Array[],
  edit: GraphEditor,
): void {
  const output = scaled.output === undefined ? undefined : scales[scaled.output];
  const input = scaled.input === undefined ? undefined : scales[scaled.input];
  const weights = scaleChannels(
    readWeights(layer, edit),
    layer.layout,
    (o) => 1 / (output?.[o] ?? 1),
    (i) => input?.[Math.floor(i / scaled.block)] ?? 1,
  );
  writeWeights(layer, weights, edit);
  if (output === undefined || !hasBias(layer)) return;
  const bias = readBias(layer, edit).map((b, o) => b / (output[o] as number));
  writeBias(layer, bias, edit);
}

function becomeRelu(node: ChannelLayer['node'], edit: GraphEditor): void {
  edit.setInputs(node, node.input.slice(0, 1));
  edit.setOperator(node, 'Relu');
}

/** Largest over smallest range of a group's channels, on the worse of its two sides. */
function spread(group: number, scales: readonly Float64Array[], layers: readonly ScaledLayer[]): number {
  const channels = scales[group]?.length ?? 0;
  const written = new Float64Array(channels);
  const read = new Float64Array(channels);
  for (const layer of layers) {
    if (layer.output === group) addOutputMaxima(layer, scales, written);
    if (layer.input === group) addInputMaxima(layer, scales, read);
  }
  return Math.max(ratioOfExtremes(written), ratioOfExtremes(read));
}

function ratioOfExtremes(ranges: Float64Array): number {
  const live = ranges.filter((range) => range > 0);
  if (live.length === 0) return 1;
  return live.reduce((a, b) => Math.max(a, b)) / live.reduce((a, b) => Math.min(a, b));
}
