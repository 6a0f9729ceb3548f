import { NotCalibratedError } from '@bitwright/core';
import { type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { calibrateTensor } from '../calibration/calibrate-tensor';
import type { Codes } from '../ops/codes';
import type { Calibration, Grid, ParamValues, Quantizer, QuantizerContext } from './quantizer';
import { quantizerFromJson } from './registry';
import { contextOf, type SlotPlan, type SlotState } from './slot-plan';

/** A layer's way to make one variable. */
export type AddVariable = (name: string, shape: number[], isTrainable: boolean, initial: number) => LayerVariable;

/** A {@link Grid} read back from the backend. */
export interface GridValues extends Codes {
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly isUniform: boolean;
}

/**
 * One quantizer at its place in a layer: the quantizer, what it knows, its variables and its state.
 * Quantizers are values; a slot is where one lives.
 */
export interface QuantizerSlot {
  /** Name of the tensor in reports and in the spec, e.g. `conv1/kernel`, `relu3`. */
  readonly tensor: string;
  readonly quantizer: Quantizer;
  readonly context: QuantizerContext;
  readonly state: SlotState;
  /** The tensor as the rest of the network sees it. Called inside tf.tidy. */
  apply(x: Tensor, isTraining: boolean): Tensor;
  /** Sets the variables from statistics and marks the slot as calibrated. */
  initialise(calibration: Calibration): void;
  /** Numbers of the grid right now. @throws {NotCalibratedError} before calibration */
  readGrid(x?: Tensor): GridValues;
  /** Current values of the variables, by name. */
  readParams(): Readonly<Record<string, Float32Array>>;
  /** Plan with the present state: what is saved. */
  toPlan(): SlotPlan;
}

/**
 * A slot for a tensor of a known shape; makes its variables.
 *
 * @throws {InvalidArgumentError} when its quantizer is not registered
 */
export function openSlot(plan: SlotPlan, shape: readonly (number | null)[], addVariable: AddVariable): QuantizerSlot {
  const quantizer = quantizerFromJson(plan.quantizer);
  const context = contextOf(plan, shape);
  const params = quantizer.params(context);
  const state: SlotState = { ...plan.state, isCalibrated: plan.state.isCalibrated || params.length === 0 };
  const channels = shape.at(-1) ?? 1;
  const variables = new Map<string, LayerVariable>();
  for (const { name, isTrainable, initial, shape: kind } of params) {
    const size = kind === 'channels' ? [channels] : [...context.paramShape];
    variables.set(name, addVariable(name, size, isTrainable, initial));
  }
  const values = (): ParamValues =>
    Object.fromEntries(Array.from(variables, ([name, variable]) => [name, variable.read()]));
  const write = (next: () => ParamValues): void => {
    tidy(() => {
      for (const [name, value] of Object.entries(next())) variables.get(name)?.write(value);
    });
  };
  const initialise = (calibration: Calibration): void => {
    const start = Object.entries(quantizer.initialise(calibration, context));
    write(() =>
      Object.fromEntries(
        start.map(([name, numbers]) => [
          name,
          tensor(Float32Array.from(numbers), variables.get(name)?.shape as number[]),
        ]),
      ),
    );
    state.isCalibrated = true;
  };
  return Object.freeze<QuantizerSlot>({
    tensor: plan.tensor,
    quantizer,
    context,
    state,
    apply(x, isTraining) {
      if (state.mode !== 'quantize') return x;
      if (!state.isCalibrated) {
        if (plan.startsFromFirstBatch !== true) throw notCalibrated(plan.tensor);
        initialise(calibrateTensor(plan.tensor, x.dataSync<'float32'>(), x.shape, context));
      }
      const current = values();
      const quantized = quantizer.apply(x, current, context, { ...state, isTraining });
      if (!isTraining) return quantized;
      state.draws++;
      if (quantizer.observe !== undefined && !state.areRangesFrozen) {
        write(() => quantizer.observe?.(x, current, context) ?? {});
      }
      return quantized;
    },
    initialise,
    readGrid(x) {
      if (!state.isCalibrated) throw notCalibrated(plan.tensor);
      let grid: GridValues | undefined;
      tidy(() => {
        grid = readGrid(quantizer.grid(x, values(), context, { ...state, isTraining: false }));
      });
      return grid as unknown as GridValues;
    },
    readParams: () =>
      Object.fromEntries(
        Array.from(variables, ([name, variable]) => [name, variable.read().dataSync<'float32'>().slice()]),
      ),
    toPlan: () => ({ ...plan, state: { ...state } }),
  });
}

/** The error of everything that needs calibrated quantizers. */
export function notCalibrated(tensorName: string): NotCalibratedError {
  return new NotCalibratedError({
    operation: '[qat-plugin] quantizer',
    expected: `a calibrated quantizer for "${tensorName}"`,
    received: 'one that has seen no data',
    hint: 'Call await qat.calibrate(samples) with a few hundred inputs before training or converting.',
  });
}

// — internals —

function readGrid({ scale, zeroPoint, qmin, qmax, isUniform }: Grid): GridValues {
  const scales = Float32Array.from(scale.dataSync());
  const codes = zeroPoint.dataSync();
  const zeroPoints = Int32Array.from(scales, (_, g) => codes[codes.length === 1 ? 0 : g] as number);
  return { scale: scales, zeroPoint: zeroPoints, qmin, qmax, isUniform };
}
