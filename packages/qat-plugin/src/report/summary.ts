import type { LayersModel, LayerVariable, Shape } from '@tensorflow/tfjs-layers';
import { walkLayers } from '../graph/walk-layers';
import { ConvBatchNorm } from '../layers/conv-batch-norm';
import type { Layer } from '../layers/inner-layer';
import { QuantizeActivation } from '../layers/quantize-activation';
import { findVariable, QuantizeWrapper } from '../layers/quantize-wrapper';
import { layerMacs } from './layer-macs';

/** Size and work of one layer. */
export interface LayerSummary {
  readonly layer: string;
  readonly className: string;
  /** Bits of its input where a quantizer says so, else 32. */
  readonly inputBits: number;
  readonly outputShape: Shape;
  /** Number of weights by their bits. */
  readonly weightsByBits: Readonly<Record<number, number>>;
  readonly macs: number;
  /** Bits of one multiplication: the larger of weight and input. */
  readonly macBits: number;
  readonly bytes: number;
}

/** A model in numbers, the way Larq counts: what binary layers save shows at a glance. */
export interface ModelSummary {
  readonly layers: readonly LayerSummary[];
  readonly weightsByBits: Readonly<Record<number, number>>;
  readonly macsByBits: Readonly<Record<number, number>>;
  /** Bytes of all weights in their own bits, and in float32. */
  readonly bytes: number;
  readonly floatBytes: number;
}

/** Weights, multiplications and memory of a model, split by bits. Latent float weights count in their quantized bits. */
export function summarize(model: LayersModel): ModelSummary {
  const layers = walkLayers(model)
    .map(({ path, layer }) => summaryOf(path, layer))
    .filter(({ className }) => className !== 'InputLayer' && className !== QuantizeActivation.className);
  const weightsByBits: Record<number, number> = {};
  const macsByBits: Record<number, number> = {};
  for (const layer of layers) {
    for (const [bits, count] of Object.entries(layer.weightsByBits)) add(weightsByBits, Number(bits), count);
    if (layer.macs > 0) add(macsByBits, layer.macBits, layer.macs);
  }
  const count = Object.values(weightsByBits).reduce((sum, n) => sum + n, 0);
  return { layers, weightsByBits, macsByBits, bytes: bytesOf(weightsByBits), floatBytes: 4 * count };
}

/** The summary as a table for a terminal. */
export function formatSummary({ layers, weightsByBits, macsByBits, bytes, floatBytes }: ModelSummary): string {
  const widths = Object.keys(weightsByBits)
    .map(Number)
    .sort((a, b) => a - b);
  const header = ['layer', 'input', 'output', ...widths.map((bits) => `${bits}-bit weights`), 'MACs', 'memory'];
  const rows = layers.map((layer) => [
    layer.layer,
    layer.inputBits === 32 ? '–' : `${layer.inputBits} bit`,
    layer.outputShape.map((d) => d ?? '?').join('×'),
    ...widths.map((bits) => String(layer.weightsByBits[bits] ?? 0)),
    layer.macs === 0 ? '0' : `${layer.macs} (${layer.macBits} bit)`,
    kib(layer.bytes),
  ]);
  const total = ['total', '', '', ...widths.map((bits) => String(weightsByBits[bits] ?? 0)), '', kib(bytes)];
  const macs = Object.values(macsByBits).reduce((sum, n) => sum + n, 0);
  const split = Object.entries(macsByBits).map(
    ([bits, n]) => `${bits}-bit ${((100 * n) / Math.max(macs, 1)).toFixed(1)} %`,
  );
  return [
    ...table([header, ...rows, total]),
    `MACs ${macs}: ${split.join(', ')}`,
    `memory ${kib(bytes)}, float32 ${kib(floatBytes)} (${(floatBytes / Math.max(bytes, 1)).toFixed(2)} times)`,
    '',
  ].join('\n');
}

// — internals —

function summaryOf(path: string, layer: Layer): LayerSummary {
  const inner = layer instanceof QuantizeWrapper || layer instanceof ConvBatchNorm ? layer.inner : layer;
  const weightsByBits: Record<number, number> = {};
  const kernelBits = bitsOfWeights(layer);
  for (const variable of countedWeights(layer)) {
    add(weightsByBits, kernelBits.get(variable) ?? 32, sizeOf(variable));
  }
  const outputShape = (Array.isArray(layer.outputShape[0]) ? layer.outputShape[0] : layer.outputShape) as Shape;
  const inputBits = inputBitsOf(layer);
  const weightBits = Math.min(32, ...kernelBits.values());
  return {
    layer: path,
    className: inner.getClassName(),
    inputBits,
    outputShape,
    weightsByBits,
    macs: layerMacs(inner, outputShape),
    macBits: Math.max(weightBits, inputBits),
    bytes: bytesOf(weightsByBits),
  };
}

/** Weights of the network, without the parameters of quantizers. */
function countedWeights(layer: Layer): readonly LayerVariable[] {
  if (layer instanceof QuantizeWrapper) return layer.inner.weights;
  if (layer instanceof ConvBatchNorm) return layer.innerLayers.flatMap((inner) => inner.weights);
  return layer instanceof QuantizeActivation ? [] : layer.weights;
}

function bitsOfWeights(layer: Layer): ReadonlyMap<LayerVariable, number> {
  if (layer instanceof QuantizeWrapper) {
    return new Map(layer.boundWeights.map(({ variable, slot }) => [variable, slot.quantizer.bits]));
  }
  if (!(layer instanceof ConvBatchNorm)) return new Map();
  const kernel = findVariable(layer.inner, layer.settings.kernel);
  return new Map(kernel === undefined ? [] : [[kernel, layer.slots[0]?.quantizer.bits ?? 32]]);
}

/** Layers that hand quantized values on. */
const movers = ['Flatten', 'Reshape', 'Permute', 'MaxPooling1D', 'MaxPooling2D', 'ZeroPadding2D', 'Dropout'];

/** Bits of what a layer reads: its own input quantizer, or the quantizer layer in front of it. */
function inputBitsOf(layer: Layer): number {
  const own =
    layer instanceof QuantizeWrapper ? layer.slots.find(({ context }) => context.role === 'activation') : undefined;
  if (own !== undefined) return own.quantizer.bits;
  let before = layer.inboundNodes[0]?.inboundLayers[0];
  while (before !== undefined && movers.includes(before.getClassName())) {
    before = before.inboundNodes[0]?.inboundLayers[0];
  }
  return before instanceof QuantizeActivation ? (before.slots[0]?.quantizer.bits ?? 32) : 32;
}

function sizeOf({ shape }: LayerVariable): number {
  return shape.reduce<number>((product, d) => product * (d ?? 1), 1);
}

function bytesOf(weightsByBits: Readonly<Record<number, number>>): number {
  return Object.entries(weightsByBits).reduce((sum, [bits, count]) => sum + (Number(bits) * count) / 8, 0);
}

function add(record: Record<number, number>, key: number, amount: number): void {
  record[key] = (record[key] ?? 0) + amount;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(2)} KiB`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
