import { InvalidArgumentError } from '@bitwright/core';
import { type serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable, Shape } from '@tensorflow/tfjs-layers';
import { openSlot, type QuantizerSlot } from '../quantizers/quantizer-slot';
import type { SlotPlan } from '../quantizers/slot-plan';
import { type Layer, type LayerConfig, layerFromConfig, layerToConfig } from './inner-layer';
import { InnerLayerWrapper, isTrainingCall, layerArguments } from './inner-layer-wrapper';
import { padSame, type Window } from './same-padding';
import { packSettings, unpackSettings } from './settings';
import { withReplacedReads } from './weight-binding';

/** A weight of the inner layer and its quantizer. */
export interface WeightPlan {
  /** Last part of the variable's name: `kernel`, `depthwise_kernel`, `recurrent_kernel` … */
  readonly variable: string;
  readonly slot: SlotPlan;
}

export interface QuantizeWrapperSettings {
  readonly weights: readonly WeightPlan[];
  /** A quantizer on the layer's input (layers of binary networks; prepareQat uses layers of their own instead). */
  readonly input?: SlotPlan;
  /** Pads a convolution with this value instead of 0; the inner layer then has padding `valid`. */
  readonly padding?: Window & { readonly value: number };
}

/** A variable bound to a slot. */
export interface BoundWeight {
  readonly variable: LayerVariable;
  readonly slot: QuantizerSlot;
}

/**
 * Any layer with quantized weights. The inner layer computes as always, but reads its weights through their quantizers;
 * the float weights stay its own and are what the optimizer updates.
 */
export class QuantizeWrapper extends InnerLayerWrapper {
  static className: string = 'BitwrightQuantizeWrapper';
  readonly inner: Layer;
  private readonly settings: QuantizeWrapperSettings;
  private bound: readonly BoundWeight[] = [];
  private input_: QuantizerSlot | undefined;

  constructor(args: { layer: Layer; settings: QuantizeWrapperSettings; name?: string; batchInputShape?: Shape }) {
    const { layer, settings, ...rest } = args;
    super({ name: layer.name, ...rest });
    this.inner = layer;
    this.settings = settings;
    this.supportsMasking = layer.supportsMasking;
  }

  override get innerLayers(): readonly Layer[] {
    return [this.inner];
  }

  /** Bound weights, once built. */
  get boundWeights(): readonly BoundWeight[] {
    return this.bound;
  }

  /** Slots of weights and input, once built. */
  get slots(): readonly QuantizerSlot[] {
    return [...this.bound.map(({ slot }) => slot), ...(this.input_ === undefined ? [] : [this.input_])];
  }

  override build(inputShape: Shape | Shape[]): void {
    const first = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
    this.inner.build(this.paddedShape(inputShape));
    this.inner.built = true;
    this.bound = this.settings.weights.flatMap((plan) => this.bind(plan));
    if (this.settings.input !== undefined) {
      this.input_ = openSlot(this.settings.input, first, this.addParameter('input'));
    }
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[], kwargs: serialization.ConfigDict): Tensor | Tensor[] {
    return tidy(() => {
      const isTraining = isTrainingCall(kwargs);
      const replacements = new Map<LayerVariable, Tensor>();
      for (const { variable, slot } of this.bound) replacements.set(variable, slot.apply(variable.read(), isTraining));
      return withReplacedReads(replacements, () => this.inner.call(this.prepare(inputs, isTraining), kwargs));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return this.inner.computeOutputShape(this.paddedShape(inputShape));
  }

  override getConfig(): serialization.ConfigDict {
    const { padding } = this.settings;
    const settings: QuantizeWrapperSettings = {
      weights: this.settings.weights.map((plan) => this.currentPlan(plan)),
      ...(this.settings.input === undefined ? {} : { input: this.input_?.toPlan() ?? this.settings.input }),
      ...(padding === undefined ? {} : { padding }),
    };
    return {
      ...super.getConfig(),
      layer: layerToConfig(this.inner) as unknown as serialization.ConfigDict,
      settings: packSettings(settings),
    };
  }

  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const layer = layerFromConfig(config['layer'] as unknown as LayerConfig);
    const settings = unpackSettings<QuantizeWrapperSettings>(config['settings']);
    return new cls({ ...layerArguments(config), layer, settings } as unknown as serialization.ConfigDict);
  }

  private prepare(inputs: Tensor | Tensor[], isTraining: boolean): Tensor | Tensor[] {
    const { padding } = this.settings;
    if (this.input_ === undefined && padding === undefined) return inputs;
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor;
    const quantized = this.input_ === undefined ? x : this.input_.apply(x, isTraining);
    return padding === undefined ? quantized : padSame(quantized, padding, padding.value);
  }

  private paddedShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const { padding } = this.settings;
    if (padding === undefined) return inputShape;
    const [batch, height, width, channels] = inputShape as Shape;
    const padded = (length: number | null | undefined, axis: 0 | 1): number | null => {
      if (length === null || length === undefined) return null;
      const reach = (padding.kernelSize[axis] - 1) * padding.dilationRate[axis] + 1;
      const stride = padding.strides[axis];
      return length + Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
    };
    return [batch ?? null, padded(height, 0), padded(width, 1), channels ?? null];
  }

  /** Every variable of that name; bidirectional layers have two. */
  private bind(plan: WeightPlan): BoundWeight[] {
    const matching = this.inner.weights.filter((variable) => variableName(variable) === plan.variable);
    if (matching.length === 0) {
      throw new InvalidArgumentError({
        operation: `[qat-plugin] quantize layer "${this.name}"`,
        expected: `a weight named ${this.inner.weights.map(variableName).join(', ')}`,
        received: JSON.stringify(plan.variable),
        hint: 'Correct the weights of the rule for this layer class.',
      });
    }
    return matching.map((variable, index) => {
      const suffix = index === 0 ? '' : `_${index}`;
      const slotPlan = { ...plan.slot, tensor: plan.slot.tensor + suffix };
      return {
        variable,
        slot: openSlot(slotPlan, variable.shape, this.addParameter(plan.variable + suffix)),
      };
    });
  }

  private currentPlan(plan: WeightPlan): WeightPlan {
    const bound = this.bound.find(({ variable }) => variableName(variable) === plan.variable);
    return bound === undefined ? plan : { ...plan, slot: bound.slot.toPlan() };
  }
}

/** The variable of a layer with this last part of its name; the first of several. */
export function findVariable(layer: Layer, name: string): LayerVariable | undefined {
  return layer.weights.find((variable) => variableName(variable) === name);
}

/** Last part of a variable's name. */
export function variableName(variable: LayerVariable): string {
  return variable.originalName.split('/').at(-1) as string;
}
