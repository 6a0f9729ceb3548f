/** Sizes of one sample of a value; data lie as [batch, height, width, channels]. Vectors have height and width 1. */
export interface SampleShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A value inside a block and the gradient of the loss with respect to it, for a fixed number of samples. */
export interface Slot {
  readonly shape: SampleShape;
  readonly value: Float32Array;
  /** Whether anything that is learned lies before it. */
  readonly needsGradient: boolean;
  /** Where the next gradient may be written; {@link addGradient} adds it to what is there. */
  gradient: Float32Array;
  hasGradient: boolean;
}

/** One operation of a block: from values to values, and back from gradients to gradients. */
export interface Step {
  forward(): void;
  backward(): void;
}

export function sampleSize({ height, width, channels }: SampleShape): number {
  return height * width * channels;
}

export function createSlot(shape: SampleShape, batch: number, needsGradient: boolean): Slot {
  const count = batch * sampleSize(shape);
  return {
    shape,
    value: new Float32Array(count),
    needsGradient,
    gradient: new Float32Array(needsGradient ? count : 0),
    hasGradient: false,
  };
}

/**
 * Adds a gradient to a slot.
 *
 * @param write fills its argument, all of it
 * @param scratch as long as the gradient, or longer; used where the slot has a gradient already
 */
export function addGradient(slot: Slot, scratch: Float32Array, write: (out: Float32Array) => void): void {
  if (!slot.needsGradient) return;
  const { gradient } = slot;
  if (!slot.hasGradient) {
    write(gradient);
    slot.hasGradient = true;
    return;
  }
  const part = scratch.subarray(0, gradient.length);
  write(part);
  for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) + (part[i] as number);
}
