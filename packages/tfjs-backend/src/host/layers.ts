import { getBackend, mul, serialization, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { backendName } from '../backend-name';
import { batchNormTrain } from './batch-norm-train';

/**
 * The only file that knows how the batchNormalization layer of tfjs-layers works inside.
 *
 * In training that layer composes moments and batchNorm, with its gradient about twelve passes over the activation. Its `call` is
 * given a fused path with the same numbers and the same updates of the moving averages; everything that path does not cover, and
 * every other backend, keeps the original.
 */
interface BatchNormalizationLayer {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: LayerVariable;
  readonly beta?: LayerVariable;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}

/** What this file uses of tfjs-layers' LayerVariable. */
interface LayerVariable {
  read(): Tensor;
  write(value: Tensor): unknown;
}

type Call = (
  this: BatchNormalizationLayer,
  inputs: Tensor | Tensor[],
  kwargs: { training?: boolean },
) => Tensor | Tensor[];

/** Whether the layers of tf.layers use fused operations: `notLoaded` where tfjs-layers was not found. */
export type LayerSupport = 'fused' | 'notLoaded';

/** Gives tf.layers.batchNormalization its fused path, where tfjs-layers is installed. */
export async function accelerateLayers(): Promise<LayerSupport> {
  await import('@tensorflow/tfjs-layers').catch((error: unknown) => {
    if (
      (error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND' &&
      (error as { code?: unknown }).code !== 'MODULE_NOT_FOUND'
    )
      throw error;
  });
  // tfjs-layers registers its classes with tfjs-core; this finds the copy that shares our tfjs-core, whoever imported it.
  const registered = serialization.SerializationMap.getMap().classNameMap['BatchNormalization'];
  if (registered === undefined) return 'notLoaded';
  const prototype = registered[0].prototype as { call: Call };
  if (!(accelerated in prototype.call))
    prototype.call = Object.assign(fusedCall(prototype.call), { [accelerated]: true });
  return 'fused';
}

// — internals —

/** Marks what this file has replaced, also from another copy of the package. */
const accelerated = Symbol.for('bitwright.tfjs-backend.batchNormalization');

function fusedCall(original: Call): Call {
  return function call(inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const { gamma, beta } = this;
    const isLastAxis = x !== undefined && (this.axis === -1 || this.axis === x.rank - 1);
    const isFused = kwargs['training'] === true && getBackend() === backendName && isLastAxis && x.dtype === 'float32';
    if (!isFused || x.size === 0 || gamma === undefined || beta === undefined)
      return original.call(this, inputs, kwargs);
    return tidy(() => {
      const [y, mean, variance] = batchNormTrain(x, gamma.read(), beta.read(), this.epsilon);
      moveAverage(this.movingMean, mean, this.momentum);
      moveAverage(this.movingVariance, variance, this.momentum);
      return y;
    });
  };
}

/** average ← average − (average − value) · (1 − momentum) */
function moveAverage(average: LayerVariable, value: Tensor, momentum: number): void {
  tidy(() => {
    const before = average.read();
    average.write(sub(before, mul(sub(before, value), 1 - momentum)));
  });
}
