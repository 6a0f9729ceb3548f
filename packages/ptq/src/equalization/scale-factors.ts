import { pairMaxima, type WeightLayout } from './weight-layout';

/** A layer as the solver sees it: largest |w| per pair of channels, and the groups its channels belong to. */
export interface ScaledLayer {
  readonly layout: WeightLayout;
  /** [O, I/g] */
  readonly maxima: Float32Array;
  /** Group of the output channels and of the input channels; undefined where they keep their scale. */
  readonly output: number | undefined;
  readonly input: number | undefined;
  /** Input channel i belongs to channel floor(i / block) of the input group. */
  readonly block: number;
}

export interface FactorOptions {
  /** Sweeps over all groups at most. */
  readonly sweeps: number;
  /** Stops when no factor of a sweep differs from 1 by more. */
  readonly tolerance: number;
  /** Smallest allowed scale per group and channel; undefined = none. */
  readonly smallest?: readonly (Float64Array | undefined)[];
  /** Largest allowed scale, likewise. */
  readonly largest?: readonly (Float64Array | undefined)[];
}

export interface Factors {
  /** Per group: s[c], by which the activations of channel c are divided. */
  readonly scales: readonly Float64Array[];
  readonly sweeps: number;
  /** Largest |factor − 1| of the last sweep. */
  readonly residual: number;
}

/** Channels whose range is below this share of the largest are dead: scaling them up would only blow up their bias. */
const deadShare = 1e-6;
const scaleLimit = 2 ** 20;
/** Over-relaxation: chains of depthwise layers settle in half the sweeps of plain √(r1/r2). */
const relaxation = 1.4;

export function scaledLayer(
  weights: Float32Array,
  layout: WeightLayout,
): Omit<ScaledLayer, 'output' | 'input' | 'block'> {
  return { layout, maxima: pairMaxima(weights, layout) };
}

/**
 * Scales that give every channel the same range in the layers that write it and in those that read it:
 *
 *   r1[c] = max |W1[c,·]| / s[c],   r2[c] = max |W2[·,c]| · s[c],   s[c] ← s[c] · (r1[c] / r2[c])^(ω/2)
 *
 * swept over all groups until nothing moves, with ω = 1.4. The fixed point is r1 = r2, as with the paper's s = √(r1/r2); for
 * conv–depthwise–conv it is r1 = r2 = r3 = (r1·r2·r3)^⅓.
 * Guards: dead or unread channels keep s; s stays in [2^−20, 2^20] and within the given bounds.
 *
 * @param channels Channels of each group.
 * @see Nagel et al. 2019, arXiv:1906.04721 §4.1
 */
export function equalizingFactors(
  layers: readonly ScaledLayer[],
  channels: readonly number[],
  options: FactorOptions,
): Factors {
  const scales = channels.map((count) => new Float64Array(count).fill(1));
  let sweeps = 0;
  let residual = Number.POSITIVE_INFINITY;
  while (sweeps < options.sweeps && residual > options.tolerance) {
    residual = 0;
    for (const [group, scale] of scales.entries()) residual = Math.max(residual, updateGroup(group, scale));
    sweeps += 1;
  }
  return { scales, sweeps, residual: channels.length === 0 ? 0 : residual };

  function updateGroup(group: number, scale: Float64Array): number {
    const written = new Float64Array(scale.length);
    const read = new Float64Array(scale.length);
    for (const layer of layers) {
      if (layer.output === group) addOutputMaxima(layer, scales, written);
      if (layer.input === group) addInputMaxima(layer, scales, read);
    }
    const writtenDead = deadShare * written.reduce((a, b) => Math.max(a, b), 0);
    const readDead = deadShare * read.reduce((a, b) => Math.max(a, b), 0);
    const smallest = options.smallest?.[group];
    const largest = options.largest?.[group];
    let change = 0;
    for (let c = 0; c < scale.length; c++) {
      const r1 = written[c] as number;
      const r2 = read[c] as number;
      if (r1 <= writtenDead || r2 <= readDead) continue;
      const old = scale[c] as number;
      const next = Math.min(
        Math.max(old * (r1 / r2) ** (relaxation / 2), smallest?.[c] ?? 0, 1 / scaleLimit),
        largest?.[c] ?? scaleLimit,
        scaleLimit,
      );
      change = Math.max(change, Math.abs(next / old - 1));
      scale[c] = next;
    }
    return change;
  }
}

/** Ranges of output channels under the scales so far: max over inputs of |w| · s_in / s_out. */
export function addOutputMaxima(layer: ScaledLayer, scales: readonly Float64Array[], into: Float64Array): void {
  const { groups, outputsPerGroup, inputsPerGroup } = layer.layout;
  const own = layer.output === undefined ? undefined : scales[layer.output];
  const factors = inputFactors(layer, scales);
  const { maxima } = layer;
  let at = 0;
  for (let o = 0; o < groups * outputsPerGroup; o++) {
    const firstInput = Math.floor(o / outputsPerGroup) * inputsPerGroup;
    let max = 0;
    for (let i = firstInput; i < firstInput + inputsPerGroup; i++) {
      const value = (maxima[at++] as number) * (factors[i] as number);
      if (value > max) max = value;
    }
    into[o] = Math.max(into[o] as number, max / (own?.[o] ?? 1));
  }
}

/** Ranges of input channels, likewise: max over outputs. */
export function addInputMaxima(layer: ScaledLayer, scales: readonly Float64Array[], into: Float64Array): void {
  const { groups, outputsPerGroup, inputsPerGroup } = layer.layout;
  const own = layer.output === undefined ? undefined : scales[layer.output];
  const { maxima } = layer;
  const largest = new Float64Array(groups * inputsPerGroup);
  let at = 0;
  for (let o = 0; o < groups * outputsPerGroup; o++) {
    const firstInput = Math.floor(o / outputsPerGroup) * inputsPerGroup;
    const factor = 1 / (own?.[o] ?? 1);
    for (let i = firstInput; i < firstInput + inputsPerGroup; i++) {
      const value = (maxima[at++] as number) * factor;
      if (value > (largest[i] as number)) largest[i] = value;
    }
  }
  const factors = inputFactors(layer, scales);
  for (let i = 0; i < largest.length; i++) {
    const channel = Math.floor(i / layer.block);
    into[channel] = Math.max(into[channel] as number, (largest[i] as number) * (factors[i] as number));
  }
}

// — internals —

function inputFactors(layer: ScaledLayer, scales: readonly Float64Array[]): Float64Array {
  const { groups, inputsPerGroup } = layer.layout;
  const scale = layer.input === undefined ? undefined : scales[layer.input];
  return Float64Array.from({ length: groups * inputsPerGroup }, (_, i) => scale?.[Math.floor(i / layer.block)] ?? 1);
}
