import type { Model } from '@bitwright/onnx';
import { calibrationBatchSize } from '../batch-size';
import { stateObservers } from '../calibration-state';
import { collectStatistics } from '../collect-statistics';
import { measureSensitivity } from '../mixed-precision/sensitivity';
import { planQuantization } from '../plan';
import { createOutputProbe } from '../probe/output-probe';
import { type QuantizeOptions, resolveQuantizeOptions } from '../quantize-options';
import { findLowBitLayers } from '../rounding/low-bit-schemes';
import type { Runtime } from '../session';
import type { RungChanges } from './ladder-state';

/** A technique to try: what it changes, given what was kept so far; undefined where there is nothing (more) to try. */
export interface Rung {
  readonly name: string;
  changes(kept: RungChanges): Promise<RungChanges | undefined> | RungChanges | undefined;
}

/** Layers left in float at most, as a share of all layers with weights. */
const mostExcluded = 0.2;

/**
 * The rungs from cheap to dear. BatchNorm is folded before all of them. Each is tried on top of what was kept before.
 *
 * @param options of the first rung; a technique that they contain, or bias correction that they rule out, is no rung of its own
 */
export function ladderRungs(model: Model, options: QuantizeOptions, runtime: Runtime): readonly Rung[] {
  const { equalize, rounding = 'nearest', activationRange, weightRange } = options;
  const { correctBias } = resolveQuantizeOptions(options, model);
  const isAuto = activationRange === 'auto' && weightRange === 'auto';
  let ranking: Promise<readonly string[]> | undefined;
  const worst = (count: number): Rung => ({
    name: count === 1 ? 'worst layer in float' : `${count} worst layers in float`,
    async changes(kept) {
      ranking ??= rankLayers(model, { ...options, ...kept }, runtime);
      const names = await ranking;
      if (count > Math.max(1, mostExcluded * names.length)) return undefined;
      const excluded = names.slice(0, count).map(escapeGlob);
      return { ...kept, exclude: [...(options.exclude ?? []), ...excluded] };
    },
  });
  return [
    { name: 'as asked for', changes: (kept) => kept },
    ...(equalize ? [] : [{ name: 'equalization', changes: (kept: RungChanges) => ({ ...kept, equalize: true }) }]),
    ...(correctBias || options.correctBias === false || rounding !== 'nearest'
      ? []
      : [{ name: 'bias correction', changes: (kept: RungChanges) => ({ ...kept, correctBias: true }) }]),
    ...(isAuto
      ? []
      : [
          {
            name: 'measured ranges',
            changes: (kept: RungChanges) => ({ ...kept, activationRange: 'auto', weightRange: 'auto' }),
          },
        ]),
    worst(1),
    worst(2),
    worst(4),
    ...(rounding !== 'nearest'
      ? []
      : (['gptq', 'adaround'] as const).map((method) => ({
          name: `adaptive rounding (${method})`,
          changes: (kept: RungChanges) => ({ ...kept, rounding: method }),
        }))),
  ];
}

// — internals —

/** Names of layers with weights, the one that costs most at its bits first. */
async function rankLayers(model: Model, options: QuantizeOptions, runtime: Runtime): Promise<readonly string[]> {
  const settings = resolveQuantizeOptions(options, model);
  const { source, activationRange, weightRange, signal } = settings;
  const plan = planQuantization(model, {
    target: settings.target,
    exclude: options.exclude,
    shapes: options.shapes,
    equalize: options.equalize,
  });
  const batchSize = options.batchSize ?? calibrationBatchSize(plan, activationRange, options.shapes);
  const state = await collectStatistics(plan, {
    runtime,
    source,
    selector: activationRange,
    batchSize,
    limit: settings.samples,
    signal,
  });
  const { weightBits = 8, activationBits = 8 } = settings.bits ?? {};
  const layers = await measureSensitivity({
    plan,
    layers: findLowBitLayers(plan.model, plan.placement).nodes,
    observers: stateObservers(state, [activationRange.observer]),
    probe: await createOutputProbe(plan.model, { runtime, source, batchSize: settings.batchSize, signal }),
    metric: 'kl',
    weightBits: [weightBits],
    activationBits: [activationBits],
    activationRange,
    weightRange,
    signal,
    onProgress: options.onProgress,
  });
  const lossOf = ({ weightLoss, activationLoss }: (typeof layers)[number]): number =>
    (weightLoss[weightBits] ?? 0) + (activationLoss[activationBits] ?? 0);
  return [...layers].sort((a, b) => lossOf(b) - lossOf(a)).map(({ node }) => node);
}

/** A glob that matches one name. */
function escapeGlob(name: string): string {
  return name.replace(/[\\*?[\]{}()!+@|]/g, (symbol) => `\\${symbol}`);
}
