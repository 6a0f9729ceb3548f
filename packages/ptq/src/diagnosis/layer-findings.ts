import type { LayerComparison } from './comparison';
import { decibelText, listLayers, percentText } from './diagnose-text';
import type { Finding } from './finding';

/** A layer whose own noise is above this share of the signal's power is worth a look. */
const notableNoise = 0.003;
const notableClipping = 0.001;
/** A step this large against the signal's root mean square leaves less than 23 dB. */
const coarseStep = 0.25;
/** Channel magnitudes this far apart do not fit one scale of 8 bits. */
const unbalancedSpread = 30;

/** What the figures of single layers mean. */
export function layerFindings(layers: readonly LayerComparison[], hasInt8Products?: boolean): readonly Finding[] {
  return [
    ...differingKernels(layers, hasInt8Products),
    ...weakestLayer(layers),
    ...clippedLayers(layers),
    ...stretchedRanges(layers),
    ...unbalancedWeights(layers),
    ...fewWeightBits(layers),
    ...changedWeights(layers),
    ...rescaledChannels(layers),
  ];
}

// — internals —

function ownNoise(layer: LayerComparison): number {
  return layer.isolated?.noiseShare ?? 0;
}

function kernelNoise(layer: LayerComparison): number {
  return Math.max(0, (layer.executed?.noiseShare ?? 0) - ownNoise(layer));
}

/** Layers that the runtime's integer kernels compute differently from what the file says. */
function differingKernels(layers: readonly LayerComparison[], hasInt8Products: boolean | undefined): Finding[] {
  const differing = layers
    .filter((layer) => kernelNoise(layer) > Math.max(notableNoise / 3, 2 * ownNoise(layer)))
    .sort((a, b) => kernelNoise(b) - kernelNoise(a));
  const [worst] = differing;
  if (worst?.executed === undefined || worst.isolated === undefined) return [];
  const cause =
    hasInt8Products === false
      ? 'This processor has no 8-bit dot products: sums of two products saturate at 16 bits. Quantize weights to 7 bits'
      : 'On processors without 8-bit dot products sums of two products saturate at 16 bits; there, quantize weights to 7 bits';
  return [
    {
      code: 'kernels-differ',
      severity: 'problem',
      message: `integer kernels compute ${listLayers(differing)} differently from what the file says: ${worst.name} has ${percentText(worst.executed.noiseShare)} noise as executed (${decibelText(worst.executed.sqnrDb)}), ${percentText(worst.isolated.noiseShare)} as written (${decibelText(worst.isolated.sqnrDb)})`,
      advice: `${cause} (--target ort-x64-avx2), or use uint8 weights.`,
      layers: differing.map(({ name }) => name),
    },
  ];
}

function byNoise(layers: readonly LayerComparison[]): LayerComparison[] {
  return [...layers].sort((a, b) => ownNoise(b) - ownNoise(a));
}

function weakestLayer(layers: readonly LayerComparison[]): Finding[] {
  const [worst, next] = byNoise(layers.filter((layer) => layer.isolated !== undefined));
  if (worst?.isolated === undefined || ownNoise(worst) < notableNoise) return [];
  const { isolated, weight } = worst;
  const others = next === undefined ? '' : `; next is ${next.name} with ${percentText(ownNoise(next))}`;
  const weightNoise = weight === undefined ? 0 : 10 ** (-weight.sqnrDb / 10);
  const isWeight = weightNoise > 0.5 * isolated.noiseShare;
  const cause =
    weight === undefined || weight.moved > 0.05
      ? ''
      : isWeight
        ? `; most of it comes from its weights (${weight.dtype}, ${decibelText(weight.sqnrDb)})`
        : '; most of it comes from its activations, not its weights';
  return [
    {
      code: 'weakest-layer',
      severity: ownNoise(worst) > 0.05 ? 'problem' : 'advice',
      message: `${worst.name} loses most by itself: ${percentText(isolated.noiseShare)} noise (${decibelText(isolated.sqnrDb)})${cause}${others}`,
      advice: isWeight ? weightAdvice(weight) : activationAdvice(worst),
      layers: [worst.name],
    },
  ];
}

function weightAdvice(weight: LayerComparison['weight']): string {
  if (weight?.granularity === 'perTensor') return 'Quantize its weights per channel.';
  if (weight !== undefined && weight.bits <= 4) {
    return 'Give it more bits, smaller blocks, or adaptive rounding (--rounding gptq or adaround).';
  }
  return 'Give its weights more bits, or leave the layer in float.';
}

function activationAdvice(layer: LayerComparison): string {
  const keep = `leave it in float (--exclude "${layer.name}")`;
  if (layer.codes !== undefined && layer.codes.clipped > notableClipping) return `See its clipping below, or ${keep}.`;
  return `Try another range for its activations (--activation-range mse or percentile), or ${keep}.`;
}

function clippedLayers(layers: readonly LayerComparison[]): Finding[] {
  const clipped = layers
    .filter((layer) => (layer.codes?.clipped ?? 0) > notableClipping && layer.cumulative.noiseShare > notableNoise)
    .sort((a, b) => (b.codes?.clipped ?? 0) - (a.codes?.clipped ?? 0));
  const [worst] = clipped;
  if (worst?.codes === undefined) return [];
  const { codes, range } = worst;
  return [
    {
      code: 'clips-activations',
      severity: codes.clipped > 0.02 ? 'problem' : 'advice',
      message: `${worst.name} saturates: ${percentText(codes.clipped)} of its float values lie outside [${short(codes.min)}, ${short(codes.max)}] (they reach from ${short(range.min)} to ${short(range.max)})${clipped.length > 1 ? `; so do ${clipped.length - 1} other layers` : ''}`,
      advice:
        'Calibrate on more samples like these, or with a wider range (--activation-range fullRange); clipping is right only where it was chosen to keep small values precise.',
      layers: clipped.map(({ name }) => name),
    },
  ];
}

function stretchedRanges(layers: readonly LayerComparison[]): Finding[] {
  const stretched = byNoise(
    layers.filter(({ codes, range, isolated }) => {
      if (codes === undefined || isolated === undefined || isolated.noiseShare < notableNoise) return false;
      return codes.scale > coarseStep * range.rms && codes.clipped < notableClipping;
    }),
  );
  const [worst] = stretched;
  if (worst?.codes === undefined) return [];
  const { codes, range } = worst;
  return [
    {
      code: 'outliers-stretch-range',
      severity: 'advice',
      message: `outliers stretch the range of ${listLayers(stretched)}: one step of ${worst.name} is ${short(codes.scale)}, but its values are about ${short(range.rms)} (root mean square) in a range of [${short(codes.min)}, ${short(codes.max)}]`,
      advice: 'Choose ranges that clip outliers: --activation-range mse, percentile or entropy.',
      layers: stretched.map(({ name }) => name),
    },
  ];
}

function unbalancedWeights(layers: readonly LayerComparison[]): Finding[] {
  const unbalanced = layers
    .filter(
      ({ weight }) =>
        weight?.granularity === 'perTensor' && weight.channelSpread > unbalancedSpread && weight.sqnrDb < 35,
    )
    .sort((a, b) => (b.weight?.channelSpread ?? 0) - (a.weight?.channelSpread ?? 0));
  const [worst] = unbalanced;
  if (worst?.weight === undefined) return [];
  return [
    {
      code: 'unbalanced-channels',
      severity: 'problem',
      message: `channels of the weights of ${listLayers(unbalanced)} differ by up to ${Math.round(worst.weight.channelSpread)}x in magnitude but share one scale`,
      advice: 'Quantize weights per channel, or equalize the layers first (--equalize).',
      layers: unbalanced.map(({ name }) => name),
    },
  ];
}

function fewWeightBits(layers: readonly LayerComparison[]): Finding[] {
  const few = layers.filter(
    ({ weight }) => weight !== undefined && weight.bits <= 4 && weight.moved < 0.05 && weight.sqnrDb < 25,
  );
  const [worst] = [...few].sort((a, b) => (a.weight?.sqnrDb ?? 0) - (b.weight?.sqnrDb ?? 0));
  if (worst?.weight === undefined) return [];
  return [
    {
      code: 'few-weight-bits',
      severity: 'advice',
      message: `${few.length} layers store weights in ${worst.weight.bits} bits; the coarsest is ${worst.name} (${decibelText(worst.weight.sqnrDb)})`,
      advice:
        'Smaller blocks, better rounding (--rounding gptq or adaround; --method hqq or gptq with --dtype) or 8 bits for the worst layers win most of it back.',
      layers: few.map(({ name }) => name),
    },
  ];
}

function changedWeights(layers: readonly LayerComparison[]): Finding[] {
  const weighted = layers.filter(({ weight }) => weight !== undefined);
  const changed = weighted.filter(({ weight }) => (weight?.moved ?? 0) > 0.05);
  if (changed.length === 0) return [];
  const isOther = changed.length === weighted.length && changed.every(({ cumulative }) => cumulative.noiseShare > 0.5);
  return [
    {
      code: 'weights-changed',
      severity: isOther ? 'problem' : 'advice',
      message: `weights of ${listLayers(changed)} differ from float by more than rounding`,
      advice: isOther
        ? 'Nothing agrees: check that both models come from the same checkpoint.'
        : 'They were changed before quantizing (equalized, corrected, trained or rounded adaptively); their error is not rounding alone.',
      layers: changed.map(({ name }) => name),
    },
  ];
}

function rescaledChannels(layers: readonly LayerComparison[]): Finding[] {
  const rescaled = layers.filter((layer) => layer.isRescaled);
  if (rescaled.length === 0) return [];
  return [
    {
      code: 'rescaled-channels',
      severity: 'advice',
      message: `the quantizer scaled the channels of ${listLayers(rescaled)} on purpose (equalization or smoothing)`,
      advice: 'They are compared with float scaled the same way.',
      layers: rescaled.map(({ name }) => name),
    },
  ];
}

function short(value: number): string {
  return Number.isFinite(value) ? `${Number(value.toPrecision(3))}` : `${value}`;
}
