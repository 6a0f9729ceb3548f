import {
  add,
  div,
  mul,
  reshape,
  type serialization,
  sqrt,
  sub,
  type Tensor,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { LayerVariable, Shape } from '@tensorflow/tfjs-layers';
import { awayFromZero } from '../ops/away-from-zero';
import { channelMoments, foldedBatchNorm } from '../ops/folded-batch-norm';
import { openSlot, type QuantizerSlot } from '../quantizers/quantizer-slot';
import type { SlotPlan } from '../quantizers/slot-plan';
import { type Layer, type LayerConfig, layerFromConfig, layerToConfig } from './inner-layer';
import { InnerLayerWrapper, isTrainingCall, layerArguments } from './inner-layer-wrapper';
import { findVariable } from './quantize-wrapper';
import { packSettings, unpackSettings } from './settings';
import { withReplacedReads } from './weight-binding';

/**
 * How batch normalization meets quantized weights while training (σ̂ = √(σ² + ε); B batch, R running statistics; FQ the weight
 * quantizer):
 *
 *   freeze      y = conv(x, FQ(wγ/σ̂_R)) + β − γμ_R/σ̂_R;  statistics stay, γ and β train
 *   naive       μ_B, σ_B of conv(x, w);  y = conv(x, FQ(wγ/σ̂_B)) + β − γμ_B/σ̂_B            (Jacob et al.; two convolutions)
 *   whitePaper  the same statistics;     y = conv(x, FQ(wγ/σ̂_R))·σ̂_R/σ̂_B + β − γμ_B/σ̂_B   (Krishnamoorthi; two convolutions)
 *   torch       c = γ/σ̂_R;  y = BN(conv(x, FQ(w·c))/c), statistics of the quantized output      (|c| at least 1e-6)
 *
 * At inference, and with frozen statistics, all of them are conv(x, FQ(wγ/σ̂_R)) + β − γμ_R/σ̂_R: what is exported.
 *
 * @see MQBench, arXiv:2111.03759 §3.3; Krishnamoorthi 2018, arXiv:1806.08342 §3.2.2
 */
export type FoldingStrategy = 'freeze' | 'naive' | 'whitePaper' | 'torch';

export interface ConvBatchNormSettings {
  readonly strategy: FoldingStrategy;
  /** Name of the kernel variable and the axes of its output channels. */
  readonly kernel: string;
  readonly channelAxes: readonly number[];
  readonly slot: SlotPlan;
  readonly areStatisticsFrozen: boolean;
}

const smallestFactor = 1e-6;

/** A convolution or dense layer and the batch normalization behind it, as one layer with quantized folded weights. */
export class ConvBatchNorm extends InnerLayerWrapper {
  static className: string = 'BitwrightConvBatchNorm';
  readonly inner: Layer;
  readonly batchNorm: Layer;
  readonly settings: ConvBatchNormSettings;
  areStatisticsFrozen: boolean;
  private slot_: QuantizerSlot | undefined;

  constructor(args: { layer: Layer; batchNorm: Layer; settings: ConvBatchNormSettings; name?: string }) {
    const { layer, batchNorm, settings, ...rest } = args;
    super({ name: layer.name, ...rest });
    this.inner = layer;
    this.batchNorm = batchNorm;
    this.settings = settings;
    this.areStatisticsFrozen = settings.areStatisticsFrozen;
  }

  override get innerLayers(): readonly Layer[] {
    return [this.inner, this.batchNorm];
  }

  get slots(): readonly QuantizerSlot[] {
    return this.slot_ === undefined ? [] : [this.slot_];
  }

  override build(inputShape: Shape | Shape[]): void {
    this.inner.build(inputShape);
    this.inner.built = true;
    this.batchNorm.build(this.inner.computeOutputShape(inputShape));
    this.batchNorm.built = true;
    const kernel = this.variable(this.settings.kernel);
    this.slot_ = openSlot(this.settings.slot, kernel.shape, this.addParameter(this.settings.kernel));
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[], kwargs: serialization.ConfigDict): Tensor | Tensor[] {
    return tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor;
      const isTraining = isTrainingCall(kwargs);
      const usesBatch = isTraining && !this.areStatisticsFrozen && this.settings.strategy !== 'freeze';
      if (!usesBatch) {
        const { kernel, bias } = this.folded();
        return add(this.convolve(x, this.slot().apply(kernel, isTraining), kwargs), bias);
      }
      if (this.settings.strategy === 'torch') return this.trainTorch(x, kwargs);
      return this.trainWithBatchStatistics(x, kwargs);
    });
  }

  /** Kernel and bias with running statistics folded in; the kernel not yet quantized. Called inside tf.tidy. */
  folded(): { kernel: Tensor; bias: Tensor } {
    const { gamma, beta, mean: runningMean, deviation } = this.parameters();
    const factor = div(gamma, deviation);
    const offset = sub(this.ownBias(runningMean), runningMean);
    return {
      kernel: mul(this.variable(this.settings.kernel).read(), this.alongKernel(factor)),
      bias: add(beta, mul(factor, offset)),
    };
  }

  override getConfig(): serialization.ConfigDict {
    const slot = this.slot_?.toPlan() ?? this.settings.slot;
    return {
      ...super.getConfig(),
      layer: layerToConfig(this.inner) as unknown as serialization.ConfigDict,
      batchNorm: layerToConfig(this.batchNorm) as unknown as serialization.ConfigDict,
      settings: packSettings({ ...this.settings, slot, areStatisticsFrozen: this.areStatisticsFrozen }),
    };
  }

  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const layer = layerFromConfig(config['layer'] as unknown as LayerConfig);
    const batchNorm = layerFromConfig(config['batchNorm'] as unknown as LayerConfig);
    const settings = unpackSettings<ConvBatchNormSettings>(config['settings']);
    return new cls({ ...layerArguments(config), layer, batchNorm, settings } as unknown as serialization.ConfigDict);
  }

  private trainTorch(x: Tensor, kwargs: serialization.ConfigDict): Tensor {
    const { gamma, beta, deviation, epsilon } = this.parameters();
    const factor = awayFromZero(div(gamma, deviation), smallestFactor);
    const kernel = this.slot().apply(mul(this.variable(this.settings.kernel).read(), this.alongKernel(factor)), true);
    const ownBias = this.ownBias(beta);
    // A bias before batch normalization moves nothing but the mean; its gradient is 0, but optimizers want one in every step.
    const shift = add(beta, mul(ownBias, 0));
    const { y, mean, variance } = foldedBatchNorm(this.convolve(x, kernel, kwargs), factor, gamma, shift, epsilon);
    this.follow('moving_mean', add(mean, ownBias));
    this.follow('moving_variance', variance);
    return y;
  }

  private trainWithBatchStatistics(x: Tensor, kwargs: serialization.ConfigDict): Tensor {
    const { gamma, beta, deviation, epsilon } = this.parameters();
    const kernel = this.variable(this.settings.kernel).read();
    const float = this.convolve(x, kernel, kwargs);
    const { mean: batchMean, variance } = channelMoments(float);
    const batchDeviation = sqrt(add(variance, epsilon));
    const ownBias = this.ownBias(batchMean);
    this.follow('moving_mean', add(batchMean, ownBias));
    this.follow('moving_variance', variance);
    const isNaive = this.settings.strategy === 'naive';
    const factor = div(gamma, isNaive ? batchDeviation : deviation);
    const output = this.convolve(x, this.slot().apply(mul(kernel, this.alongKernel(factor)), true), kwargs);
    const corrected = isNaive ? output : mul(output, div(deviation, batchDeviation));
    return add(corrected, sub(beta, div(mul(gamma, batchMean), batchDeviation)));
  }

  /** The convolution alone: given kernel, no bias. */
  private convolve(x: Tensor, kernel: Tensor, kwargs: serialization.ConfigDict): Tensor {
    const replacements = new Map([[this.variable(this.settings.kernel), kernel]]);
    const bias = findVariable(this.inner, 'bias');
    if (bias !== undefined) replacements.set(bias, zerosLike(bias.read()));
    return withReplacedReads(replacements, () => this.inner.call(x, kwargs) as Tensor);
  }

  private parameters(): { gamma: Tensor; beta: Tensor; mean: Tensor; deviation: Tensor; epsilon: number } {
    const epsilon = this.batchNorm.getConfig()['epsilon'] as number;
    const read = (name: string, fallback: (like: Tensor) => Tensor): Tensor =>
      findVariable(this.batchNorm, name)?.read() ?? fallback(this.variable('moving_mean', this.batchNorm).read());
    const variance = this.variable('moving_variance', this.batchNorm).read();
    return {
      gamma: read('gamma', (like) => add(zerosLike(like), 1)),
      beta: read('beta', zerosLike),
      mean: this.variable('moving_mean', this.batchNorm).read(),
      deviation: sqrt(add(variance, epsilon)),
      epsilon,
    };
  }

  /** The convolution's own bias, or zeros. */
  private ownBias(like: Tensor): Tensor {
    return findVariable(this.inner, 'bias')?.read() ?? zerosLike(like);
  }

  /** A per-channel vector, shaped to multiply the kernel. */
  private alongKernel(vector: Tensor): Tensor {
    const { shape } = this.variable(this.settings.kernel);
    const { channelAxes } = this.settings;
    return reshape(
      vector,
      shape.map((length, axis) => (channelAxes.includes(axis) ? (length as number) : 1)),
    );
  }

  /** moving ← momentum·moving + (1 − momentum)·seen */
  private follow(name: string, seen: Tensor): void {
    const momentum = this.batchNorm.getConfig()['momentum'] as number;
    const variable = this.variable(name, this.batchNorm);
    tidy(() => {
      variable.write(add(mul(variable.read(), momentum), mul(seen, 1 - momentum)));
    });
  }

  private slot(): QuantizerSlot {
    return this.slot_ as QuantizerSlot;
  }

  private variable(name: string, layer: Layer = this.inner): LayerVariable {
    return findVariable(layer, name) as LayerVariable;
  }
}
