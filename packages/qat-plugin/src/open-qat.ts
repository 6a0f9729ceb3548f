import type { HistogramStats, RangeSelector, Target } from '@bitwright/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { calibrateModel } from './calibration/calibrate-model';
import { convertModel } from './convert/convert-model';
import { settleBiases } from './convert/settle-biases';
import { writeSpec } from './convert/write-spec';
import { slotsOf, walkLayers } from './graph/walk-layers';
import { QuantizeActivation } from './layers/quantize-activation';
import type { Qat, QatResult } from './qat';
import { notCalibrated, type QuantizerSlot } from './quantizers/quantizer-slot';
import type { QatReport } from './report/qat-report';
import type { HistoryEntry } from './report/training-history';
import type { LayerRule } from './rules/layer-rule';
import { applyProgress } from './schedule/progress-schedule';
import { QatCallback } from './schedule/qat-callback';

export interface OpenQat {
  readonly model: LayersModel;
  readonly report: QatReport;
  readonly target: Target;
  readonly rules: ReadonlyMap<string, LayerRule>;
  readonly selectRange: RangeSelector<HistogramStats> | undefined;
}

/** The handle of a model in training. */
export function openQat({ model, report, target, rules, selectRange }: OpenQat): Qat {
  const entries: HistoryEntry[] = [];
  const uncalibrated = (): QuantizerSlot | undefined => slotsOf(model).find(({ state }) => !state.isCalibrated);
  const assertCalibrated = (): void => {
    const open = uncalibrated();
    if (open !== undefined) throw notCalibrated(open.tensor);
  };
  const qat: Qat = {
    model,
    report,
    history: { entries },
    calibrate: (samples, options) => calibrateModel(model, samples, selectRange, options),
    assertCalibrated,
    callbacks: (options = {}) => [new QatCallback(qat, options)],
    step(progress, options) {
      applyProgress(model, progress, options);
      if (progress === 1 && uncalibrated() === undefined) settleBiases(model, rules);
    },
    recordHistory: (entry) => {
      entries.push(entry);
    },
    convert(): QatResult {
      assertCalibrated();
      const converted = convertModel(model, rules);
      const activations = walkLayers(model).flatMap(({ layer }) =>
        layer instanceof QuantizeActivation ? layer.slots : [],
      );
      const spec = writeSpec(converted, activations, report.layers, target);
      const notes = converted.kept.map(
        (path) => `layer "${path}" stays in the model: no affine quantizer does what it does`,
      );
      return { model: converted.model, spec, report: { ...report, notes } };
    },
  };
  return Object.freeze(qat);
}
