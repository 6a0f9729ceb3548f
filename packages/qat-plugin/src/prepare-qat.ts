import {
  findTarget,
  type HistogramStats,
  InvalidArgumentError,
  type RangeSelector,
  type Target,
} from '@bitwright/core';
import { tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { calibrateTensor } from './calibration/calibrate-tensor';
import { convertModel } from './convert/convert-model';
import { copyWeights } from './graph/copy-weights';
import { disposeLayers } from './graph/dispose-layers';
import { graphOfModel, modelOfGraph } from './graph/model-graph';
import type { GraphPlan } from './graph/plan';
import { planGraph } from './graph/plan-graph';
import { rewriteGraph } from './graph/rewrite-graph';
import { walkLayers } from './graph/walk-layers';
import { ConvBatchNorm } from './layers/conv-batch-norm';
import { QuantizeWrapper } from './layers/quantize-wrapper';
import { openQat } from './open-qat';
import { type QatOptions, type ResolvedOptions, resolveOptions } from './options';
import type { Qat } from './qat';
import { registerQatLayers } from './register-layers';
import { type QatReport, reportOf } from './report/qat-report';
import { defaultRules } from './rules/default-rules';
import type { LayerRule } from './rules/layer-rule';
import { assertGlobsMatch, places } from './select-layers';

/** What travels with a saved model besides its layers. */
interface SavedQat {
  readonly target: string;
  readonly report: QatReport;
}

const metadataKey = 'bitwrightQat';

/**
 * A model in quantization-aware training: a copy of the given one with quantized weights and activations, for any training
 * loop. The given model is not touched.
 *
 * @throws {InvalidArgumentError} for options out of place, globs without match, integer inputs that would be quantized
 * @throws {UnsupportedSchemeError} when the target cannot run a quantizer
 * @throws {UnsupportedOperatorError} for layers that stay float, with `onUnsupported: 'throw'`
 * @example
 * const qat = prepareQat(model, { weights: lsq({ bits: 4 }), activations: lsq({ bits: 4 }), skip: ['first', 'last'] });
 * await qat.calibrate(samples);
 */
export function prepareQat(model: LayersModel, options: QatOptions = {}): Qat {
  registerQatLayers();
  const resolved = resolveOptions(options);
  const names = walkLayers(model).map(({ path }) => path);
  assertGlobsMatch(
    'skip',
    resolved.skip.filter((entry) => !places.includes(entry)),
    names,
  );
  assertGlobsMatch(
    'layers',
    resolved.layers.map(([glob]) => glob),
    names,
  );
  const source = resolved.batchNorm === 'merge' ? convertModel(model, resolved.rules).model : model;
  const graph = graphOfModel(source);
  const plan = planGraph(graph, resolved);
  const trained = modelOfGraph(rewriteGraph(graph, plan, resolved.rules));
  copyWeights(source, trained, foldedBatchNorms(plan));
  if (source !== model) disposeLayers(source);
  calibrateWeights(trained, resolved.selectRange);
  const report = reportOf(resolved.target.id, plan);
  const saved: SavedQat = { target: resolved.target.id, report };
  trained.setUserDefinedMetadata({ [metadataKey]: saved });
  return openQat({ model: trained, report, ...pick(resolved) });
}

export interface ResumeOptions {
  /** Needed for a target of your own; built-in ones are found by the id saved with the model. */
  readonly target?: Target;
  readonly rules?: ReadonlyMap<string, LayerRule>;
  readonly selectRange?: RangeSelector<HistogramStats>;
}

/**
 * The handle of a model that was saved in training (`qat.model.save`) and loaded again with tf.loadLayersModel.
 * Call {@link registerQatLayers} before loading.
 *
 * @throws {InvalidArgumentError} when the model was not made by prepareQat
 */
export function resumeQat(model: LayersModel, options: ResumeOptions = {}): Qat {
  const metadata = model.getUserDefinedMetadata() as Record<string, unknown> | undefined;
  const saved = metadata?.[metadataKey] as SavedQat | undefined;
  if (saved === undefined) {
    throw new InvalidArgumentError({
      operation: '[qat-plugin] resumeQat',
      expected: 'a model saved from qat.model',
      received: `the model "${model.name}" without its metadata`,
      hint: 'Use prepareQat for a float model.',
    });
  }
  return openQat({
    model,
    report: saved.report,
    target: options.target ?? findTarget(saved.target),
    rules: options.rules ?? defaultRules,
    selectRange: options.selectRange,
  });
}

// — internals —

function pick({
  target,
  rules,
  selectRange,
}: ResolvedOptions): Pick<ResolvedOptions, 'target' | 'rules' | 'selectRange'> {
  return { target, rules, selectRange };
}

/** Path of the folded layer → path of its batch normalization. */
function foldedBatchNorms(plan: GraphPlan): ReadonlyMap<string, string> {
  const own = [...plan.layers.values()].flatMap(({ path, fold }): [string, string][] => {
    if (fold === undefined) return [];
    const prefix = path.slice(0, path.lastIndexOf('/') + 1);
    return [[path, prefix + fold.batchNorm]];
  });
  return new Map([...own, ...[...plan.nested.values()].flatMap((nested) => [...foldedBatchNorms(nested)])]);
}

/** Weights need no samples: their quantizers start from the weights themselves. */
function calibrateWeights(model: LayersModel, selector: RangeSelector<HistogramStats> | undefined): void {
  for (const { layer } of walkLayers(model)) {
    if (layer instanceof QuantizeWrapper) {
      for (const { variable, slot } of layer.boundWeights) {
        const data = variable.read().dataSync<'float32'>();
        slot.initialise(calibrateTensor(slot.tensor, data, variable.shape as number[], slot.context, selector));
      }
    }
    if (layer instanceof ConvBatchNorm) {
      tidy(() => {
        const { kernel } = layer.folded();
        for (const slot of layer.slots) {
          slot.initialise(
            calibrateTensor(slot.tensor, kernel.dataSync<'float32'>(), kernel.shape, slot.context, selector),
          );
        }
      });
    }
  }
}
