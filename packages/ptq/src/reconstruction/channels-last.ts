import type { SampleShape } from './slot';

/** [N,C,H,W] to [N,H,W,C], into memory of the same length; vectors as they are. */
export function channelsLast(
  values: Float32Array,
  { height, width, channels }: SampleShape,
  out: Float32Array = new Float32Array(values.length),
): Float32Array {
  const positions = height * width;
  if (positions === 1) {
    out.set(values);
    return out;
  }
  const size = positions * channels;
  for (let first = 0; first < values.length; first += size) {
    for (let c = 0; c < channels; c++) {
      const from = first + c * positions;
      for (let p = 0; p < positions; p++) out[first + p * channels + c] = values[from + p] as number;
    }
  }
  return out;
}
