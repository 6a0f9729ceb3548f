/**
 * Where the weights of a linear layer lie in memory. Output channel o = group·outputsPerGroup + r and input channel
 * i = group·inputsPerGroup + j are joined by `kernel` consecutive elements from
 *   group·groupStride + r·outputStride + j·inputStride
 */
export interface WeightLayout {
  readonly groups: number;
  readonly outputsPerGroup: number;
  readonly inputsPerGroup: number;
  /** Elements per pair of channels: product of the kernel's sizes. */
  readonly kernel: number;
  readonly groupStride: number;
  readonly outputStride: number;
  readonly inputStride: number;
}

/** Conv [O, I/g, k…]. */
export function convLayout(dims: readonly number[], groups: number): WeightLayout {
  const [outputs = 0, inputsPerGroup = 0, ...sizes] = dims;
  const kernel = product(sizes);
  const outputStride = inputsPerGroup * kernel;
  const outputsPerGroup = outputs / groups;
  return {
    groups,
    outputsPerGroup,
    inputsPerGroup,
    kernel,
    groupStride: outputsPerGroup * outputStride,
    outputStride,
    inputStride: kernel,
  };
}

/** ConvTranspose [I, O/g, k…]. */
export function convTransposeLayout(dims: readonly number[], groups: number): WeightLayout {
  const [inputs = 0, outputsPerGroup = 0, ...sizes] = dims;
  const kernel = product(sizes);
  const inputStride = outputsPerGroup * kernel;
  const inputsPerGroup = inputs / groups;
  return {
    groups,
    outputsPerGroup,
    inputsPerGroup,
    kernel,
    groupStride: inputsPerGroup * inputStride,
    outputStride: kernel,
    inputStride,
  };
}

/** Gemm and MatMul: [I, O], or [O, I] where transposed. */
export function matrixLayout(dims: readonly number[], isTransposed: boolean): WeightLayout {
  const [rows = 0, columns = 0] = dims;
  return {
    groups: 1,
    outputsPerGroup: isTransposed ? rows : columns,
    inputsPerGroup: isTransposed ? columns : rows,
    kernel: 1,
    groupStride: 0,
    outputStride: isTransposed ? columns : 1,
    inputStride: isTransposed ? 1 : columns,
  };
}

export function outputCount(layout: WeightLayout): number {
  return layout.groups * layout.outputsPerGroup;
}

export function inputCount(layout: WeightLayout): number {
  return layout.groups * layout.inputsPerGroup;
}

/** Visits every pair of joined channels, outputs outermost; its elements are `start … start + kernel − 1`. */
export function forEachPair(layout: WeightLayout, visit: (output: number, input: number, start: number) => void): void {
  const { groups, outputsPerGroup, inputsPerGroup, groupStride, outputStride, inputStride } = layout;
  for (let g = 0; g < groups; g++) {
    for (let r = 0; r < outputsPerGroup; r++) {
      const row = g * groupStride + r * outputStride;
      for (let j = 0; j < inputsPerGroup; j++) {
        visit(g * outputsPerGroup + r, g * inputsPerGroup + j, row + j * inputStride);
      }
    }
  }
}

/** Largest |w| of every pair of channels, as [O, I/g]: all that scaling whole channels needs to know of the weights. */
export function pairMaxima(weights: Float32Array, layout: WeightLayout): Float32Array {
  const { kernel } = layout;
  const maxima = new Float32Array(outputCount(layout) * layout.inputsPerGroup);
  let at = 0;
  forEachPair(layout, (_output, _input, start) => {
    let max = 0;
    for (let k = start; k < start + kernel; k++) max = Math.max(max, Math.abs(weights[k] as number));
    maxima[at++] = max;
  });
  return maxima;
}

/** W[o,i,…] · inputFactor[i] · outputFactor[o], computed in float64 and rounded once. */
export function scaleChannels(
  weights: Float32Array,
  layout: WeightLayout,
  outputFactor: (output: number) => number,
  inputFactor: (input: number) => number,
): Float32Array {
  const { kernel } = layout;
  const scaled = new Float32Array(weights.length);
  forEachPair(layout, (output, input, start) => {
    const factor = outputFactor(output) * inputFactor(input);
    for (let k = start; k < start + kernel; k++) scaled[k] = (weights[k] as number) * factor;
  });
  return scaled;
}

/** y[o] = Σ_{i,k} W[o,i,k] · x[i] for an input that is constant over positions, [O] in float64. */
export function applyToConstant(
  weights: ArrayLike<number>,
  layout: WeightLayout,
  x: (input: number) => number,
): Float64Array {
  const y = new Float64Array(outputCount(layout));
  const { kernel } = layout;
  forEachPair(layout, (output, input, start) => {
    let sum = 0;
    for (let k = start; k < start + kernel; k++) sum += weights[k] as number;
    y[output] = (y[output] as number) + sum * x(input);
  });
  return y;
}

// — internals —

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
