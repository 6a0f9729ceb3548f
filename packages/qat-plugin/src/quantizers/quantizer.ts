import type { JsonObject } from '@bitwright/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Codes } from '../ops/codes';

/** What a quantizer knows about the tensor it quantizes. Plain data: saved with the model. */
export interface QuantizerContext {
  readonly role: 'weight' | 'activation';
  /** Shape of its parameters, broadcast against the tensor: [1] per tensor, [1,1,1,C] per channel of a convolution. */
  readonly paramShape: readonly number[];
  /** N of one parameter's gradient scale: weights that share it, or features of one sample. */
  readonly elements: number;
  /** Integer codes in use, both ends included. */
  readonly codes: Codes;
  /** The code of real 0, or `free` when the target lets it be chosen. */
  readonly zeroPoint: number | 'free';
}

/** Where training stands, for quantizers that change on the way. Plain data: saved with the model. */
export interface QuantizerState {
  /** Fraction of training done, 0 to 1. */
  readonly progress: number;
  /** Draws of random numbers so far: the same state draws the same numbers. */
  readonly draws: number;
  /** False at inference: random quantizers then quantize everything. */
  readonly isTraining: boolean;
}

/** A parameter a quantizer needs: a variable of the layer. */
export interface QuantizerParam {
  readonly name: string;
  readonly isTrainable: boolean;
  /** Value before calibration. */
  readonly initial: number;
  /** `channels`: one entry per index of the tensor's last axis. Default: the context's `paramShape`. */
  readonly shape?: 'channels';
}

/** Statistics of the tensor before training: of the weights themselves, or of calibration samples. One entry per parameter. */
export interface Calibration {
  /** Parameters that the chosen range selector gives for the context's codes. */
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  /** Clip range behind them, real units. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly meanAbs: Float64Array;
}

/** The grid that values lie on after quantization: value = scale·(code − zeroPoint), tensors of shape `paramShape`. */
export interface Grid extends Codes {
  readonly scale: Tensor;
  readonly zeroPoint: Tensor;
  /** False when thresholds or used codes are not those of rounding to the nearest code (logarithmic, APoT): fine for stored weights only. */
  readonly isUniform: boolean;
}

export type ParamValues = Readonly<Record<string, Tensor>>;

/**
 * One way to train a quantized tensor, as a value. Third parties implement this interface, register the type
 * ({@link registerQuantizer}) and pass values to prepareQat like the built-in ones.
 *
 * Laws, tested for every built-in quantizer: apply() gives values on grid(); its gradients are those of the stated formulas;
 * equal type and options make equal quantizers.
 */
export interface Quantizer {
  /** Name of the {@link QuantizerType} that made it. */
  readonly type: string;
  /** Everything needed to make it again; plain JSON. */
  readonly options: JsonObject;
  /** Bits per value. */
  readonly bits: number;
  /** Roles it can play; `activation` quantizers can sit anywhere, some are for weights only. */
  readonly roles: readonly QuantizerContext['role'][];
  /** Whether it can learn or choose a zero point where the context leaves it free; default false: symmetric. */
  readonly choosesZeroPoint?: boolean;
  /** Whether it insists on a free zero point for weights as well, which only some targets run; default false. */
  readonly freesWeightZeroPoint?: boolean;
  /** The variables it needs. */
  params(context: QuantizerContext): readonly QuantizerParam[];
  /** Values of the variables from statistics; names as in params(). */
  initialise(calibration: Calibration, context: QuantizerContext): Readonly<Record<string, ArrayLike<number>>>;
  /** The quantized tensor, differentiable with respect to x and the trainable parameters. Called inside tf.tidy. */
  apply(x: Tensor, params: ParamValues, context: QuantizerContext, state: QuantizerState): Tensor;
  /** New values of parameters that follow the data during training (ranges); called while observers are not frozen. */
  observe?(x: Tensor, params: ParamValues, context: QuantizerContext): ParamValues;
  /** The grid at this moment; x is the tensor that is quantized (weights). Called inside tf.tidy. */
  grid(x: Tensor | undefined, params: ParamValues, context: QuantizerContext, state: QuantizerState): Grid;
}

/** A kind of quantizer: makes one from plain options. */
export interface QuantizerType<Options extends object = Record<string, unknown>> {
  readonly type: string;
  /** @throws {InvalidArgumentError} for options out of place */
  create(options: Options): Quantizer;
}
