import type { SeededRandom } from '@bitwright/core';
import { throwIfAborted } from '../progress';
import type { BlockProgram } from './block-program';
import type { BlockSamples } from './block-samples';
import type { LearnedLayer } from './learned-layer';
import type { ReconstructionSettings } from './reconstruction-options';

/** Iterations between looks at the signal, for which the event loop has to run. */
const iterationsPerTurn = 8;
/** Samples that errors before and after are compared on. */
const judgedSamples = 256;

/**
 * Learns the rounding of a block's layers, their biases, and scales and zero points of its quantizers:
 *
 *   loss = 1/(samples · positions) · Σ (ŷ − y)²
 *
 * with ŷ from inputs and quantizers of which every element is left in float with probability ½, so that what is learned does not lean on
 * the exact errors of the calibration samples.
 *
 * @see Li et al. 2021, arXiv:2102.05426; Wei et al. 2022, arXiv:2203.05740
 * @throws {AbortedError} when cancelled
 */
export async function trainBlock(
  program: BlockProgram,
  layers: readonly LearnedLayer[],
  samples: BlockSamples,
  settings: ReconstructionSettings,
  random: SeededRandom,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { batch, output } = program;
  const size = samples.target.length / samples.count;
  const positions = batch * output.shape.height * output.shape.width;
  const biasRate = settings.biasRate * rootMeanSquare(samples.target);
  for (let iteration = 0; iteration < settings.iterations; iteration++) {
    if (iteration % iterationsPerTurn === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      throwIfAborted(signal, 'round');
    }
    const chosen = Int32Array.from({ length: batch }, () => Math.floor(random.next() * samples.count));
    program.drop(settings.drop ? random : undefined);
    loadInputs(program, samples, chosen, settings.drop);
    program.forward();
    for (let n = 0; n < batch; n++) {
      const from = (chosen[n] as number) * size;
      for (let i = 0, at = n * size; i < size; i++, at++) {
        output.gradient[at] = (2 * ((output.value[at] as number) - (samples.target[from + i] as number))) / positions;
      }
    }
    program.backward();
    const cosine = 0.5 * (1 + Math.cos((Math.PI * iteration) / settings.iterations));
    for (const layer of layers) layer.update({ weight: settings.weightRate * cosine, bias: biasRate * cosine });
    for (const quantizer of program.quantizers.values()) quantizer.update(settings.scaleRate * cosine);
  }
}

/**
 * Σ (ŷ − y)² / Σ (y − mean)² over samples ({@link judgedSamples} at most), everything quantized.
 */
export function blockError(program: BlockProgram, samples: BlockSamples): number {
  const { batch, output } = program;
  const size = samples.target.length / samples.count;
  const count = Math.min(samples.count, judgedSamples);
  program.drop(undefined);
  let error = 0;
  let sum = 0;
  let squares = 0;
  for (let first = 0; first < count; first += batch) {
    const chosen = Int32Array.from({ length: batch }, (_, n) => Math.min(first + n, count - 1));
    loadInputs(program, samples, chosen, false);
    program.forward();
    const used = Math.min(batch, count - first);
    for (let i = 0, from = first * size; i < used * size; i++, from++) {
      const wanted = samples.target[from] as number;
      error += ((output.value[i] as number) - wanted) ** 2;
      sum += wanted;
      squares += wanted * wanted;
    }
  }
  const energy = squares - (sum * sum) / (count * size);
  return energy > 0 ? error / energy : error;
}

// — internals —

/** Inputs of the chosen samples: from the quantized prefix where the mask says so, else from the float model. */
function loadInputs(program: BlockProgram, samples: BlockSamples, chosen: Int32Array, isMixed: boolean): void {
  for (const { name, slot, mask } of program.inputs) {
    const quantized = samples.quantized.get(name) as Float32Array;
    const float = samples.float.get(name) as Float32Array;
    const size = slot.value.length / program.batch;
    for (const [n, sample] of chosen.entries()) {
      const from = sample * size;
      if (!isMixed) {
        slot.value.set(quantized.subarray(from, from + size), n * size);
        continue;
      }
      for (let i = 0, at = n * size; i < size; i++, at++) {
        const bit = ((mask.words[at >>> 5] as number) >>> (at & 31)) & 1;
        const exact = float[from + i] as number;
        slot.value[at] = exact + bit * ((quantized[from + i] as number) - exact);
      }
    }
  }
}

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return values.length === 0 ? 0 : Math.sqrt(sum / values.length);
}
