import type { AnyQuantizationSpec } from '@bitwright/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { CalibrateOptions, Samples } from './calibration/calibrate-model';
import type { QatReport } from './report/qat-report';
import type { HistoryEntry, TrainingHistory } from './report/training-history';
import type { ScheduleOptions } from './schedule/progress-schedule';
import type { CallbackOptions, QatCallback } from './schedule/qat-callback';

/** What a trained model becomes. */
export interface QatResult {
  /** Original layers, batch normalization folded, weights exactly on their grids; not compiled. */
  readonly model: LayersModel;
  /** Scheme and parameters of every quantized tensor; for exporters of linear formats `asLinearSpec(spec)`. */
  readonly spec: AnyQuantizationSpec;
  readonly report: QatReport & { readonly notes: readonly string[] };
}

/** A model in quantization-aware training. */
export interface Qat {
  /** The model to train: compile it, fit it, save it at any time like any other. */
  readonly model: LayersModel;
  /** What is quantized and what stays float, and why. */
  readonly report: QatReport;
  /** Curves recorded so far. */
  readonly history: TrainingHistory;
  /** Runs samples through the float network and sets every quantizer from what it sees. */
  calibrate(samples: Samples, options?: CalibrateOptions): Promise<void>;
  /** @throws {NotCalibratedError} naming a tensor without calibration */
  assertCalibrated(): void;
  /** Callbacks for model.fit: schedules, learning rate, history, progress, and an error for a NaN loss. */
  callbacks(options?: CallbackOptions): QatCallback[];
  /**
   * The same schedules for a hand-written loop: call it before every step with the fraction of training done, and with 1 at the end.
   * That also settles biases: moves each by less than training could notice to where every runtime gives the model's predictions.
   */
  step(progress: number, options?: ScheduleOptions): void;
  recordHistory(entry: HistoryEntry): void;
  /**
   * The ordinary model and the spec. The model in training is left as it is.
   *
   * @throws {NotCalibratedError} before calibration
   */
  convert(): QatResult;
}
