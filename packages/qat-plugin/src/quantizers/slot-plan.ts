import type { Codes } from '../ops/codes';
import type { Quantizer, QuantizerContext } from './quantizer';
import { type QuantizerJson, quantizerToJson } from './registry';

/** Where a quantized tensor stands in its life; all of it is saved with the model. */
export interface SlotState {
  /** `observe`: values pass unchanged and statistics are collected; `quantize`: values are quantized; `off`: neither. */
  mode: 'off' | 'observe' | 'quantize';
  /** Whether parameters came from statistics, or from a trained state. */
  isCalibrated: boolean;
  /** Ranges that follow the data no longer do. */
  areRangesFrozen: boolean;
  /** Fraction of training done. */
  progress: number;
  /** Draws of random numbers so far. */
  draws: number;
}

/** Everything about a quantized tensor but its shape: plain JSON, saved with the model. */
export interface SlotPlan {
  /** Name of the tensor in reports and in the spec, e.g. `conv1/kernel`, `relu3`. */
  readonly tensor: string;
  readonly role: QuantizerContext['role'];
  readonly quantizer: QuantizerJson;
  readonly codes: Codes;
  readonly zeroPoint: number | 'free';
  /** Axes that have parameters of their own; none: one parameter for the tensor. */
  readonly channelAxes: readonly number[];
  /** Takes its start from the first training batch instead of waiting for calibrate(): layers that are trained from scratch. */
  readonly startsFromFirstBatch?: boolean;
  readonly state: SlotState;
}

/** A fresh plan. */
export function planSlot(
  quantizer: Quantizer,
  place: Pick<SlotPlan, 'tensor' | 'role' | 'codes' | 'zeroPoint' | 'channelAxes' | 'startsFromFirstBatch'>,
): SlotPlan {
  return {
    ...place,
    quantizer: quantizerToJson(quantizer),
    state: { mode: 'quantize', isCalibrated: false, areRangesFrozen: false, progress: 0, draws: 0 },
  };
}

/** What the quantizer of a plan knows once the tensor's shape is known; batch and unknown axes count as 1 in `elements`. */
export function contextOf(plan: SlotPlan, shape: readonly (number | null)[]): QuantizerContext {
  const { role, codes, zeroPoint, channelAxes } = plan;
  const own = (axis: number): boolean => channelAxes.includes(axis);
  const paramShape = channelAxes.length === 0 ? [1] : shape.map((length, axis) => (own(axis) ? (length ?? 1) : 1));
  const sharing = shape.filter((_, axis) => (role === 'weight' ? !own(axis) : axis > 0));
  const elements = sharing.reduce<number>((product, length) => product * (length ?? 1), 1);
  return { role, codes, zeroPoint, paramShape, elements };
}
